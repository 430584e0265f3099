"""UNet step and VAE decode at SD1.5's width, ours against diffusers, on this CPU, fp32.

`python benchmarks/network_speed.py`: about 10 GB of memory, some minutes.
"""

import torch
from diffusers import AutoencoderKL as ReferenceVAE
from diffusers import UNet2DConditionModel as ReferenceUNet
from side_by_side import compare

from nodeflow.diffusion.packed import pack
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vae.config import VAEConfig
from nodeflow.diffusion.vae.model import AutoencoderKL


def main() -> None:
    """Print a line each."""
    torch.manual_seed(0)
    with torch.no_grad():
        reference = ReferenceUNet(cross_attention_dim=768, attention_head_dim=8).eval()
        ours = UNet2DConditionModel(UNetConfig()).eval()
        ours.load_state_dict(reference.state_dict())
        pack(ours)  # as every network is that a run uses
        x, t, context = torch.randn(2, 4, 32, 32), torch.tensor([9.0, 9.0]), torch.randn(2, 77, 768)
        line = compare(lambda: ours(x, t, context), lambda: reference(x, t, context), 5)
        print(f"UNet step, 256 px, CFG pair: {line}")
        vae = ReferenceVAE(
            block_out_channels=(128, 256, 512, 512),
            layers_per_block=2,
            latent_channels=4,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
        ).eval()
        own = AutoencoderKL(VAEConfig()).eval()
        own.load_state_dict(vae.state_dict())
        pack(own)
        z = torch.randn(1, 4, 32, 32)
        line = compare(lambda: own.decode(z), lambda: vae.decode(z), 5)
        print(f"VAE decode, 256 px: {line}")


if __name__ == "__main__":
    main()
