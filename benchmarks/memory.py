"""Peak memory of SD1.5 at full size: a 2.1 GB fp16 file of random weights, 256 px, 1 step.

`python benchmarks/memory.py`: writes the file into a temporary folder.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

GRAPH = """
nodes:
  checkpoint: {node: CheckpointLoaderSimple, ckpt_name: full}
  text: {node: CLIPTextEncode, clip: $checkpoint.CLIP, text: a cat}
  canvas: {node: EmptyLatentImage, width: 256, height: 256}
  sampler: {node: KSampler, model: $checkpoint.MODEL, positive: $text, negative: $text,
            latent_image: $canvas, steps: 1, cfg: 7.0}
  image: {node: VAEDecode, samples: $sampler, vae: $checkpoint.VAE}
  save: {node: PreviewImage, images: $image}
"""


def write_checkpoint(path: Path) -> None:
    """SD1.5's published names and shapes with random fp16 weights."""
    import torch
    from safetensors.torch import save_file

    from nodeflow.diffusion.checkpoint.ldm_keys import unet_key_map, vae_key_map
    from nodeflow.diffusion.text.config import TextConfig
    from nodeflow.diffusion.text.transformer import ClipTextTransformer
    from nodeflow.diffusion.unet.config import UNetConfig
    from nodeflow.diffusion.unet.model import UNet2DConditionModel
    from nodeflow.diffusion.vae.config import VAEConfig
    from nodeflow.diffusion.vae.model import AutoencoderKL

    with torch.device("meta"):
        unet = UNet2DConditionModel(UNetConfig()).state_dict()
        vae = AutoencoderKL(VAEConfig()).state_dict()
        text = ClipTextTransformer(TextConfig()).state_dict()
    shapes = {"model.diffusion_model." + k: unet[v] for k, v in unet_key_map(UNetConfig()).items()}
    shapes |= {"first_stage_model." + k: vae[v] for k, v in vae_key_map(VAEConfig()).items()}
    shapes |= {"cond_stage_model.transformer." + k: v for k, v in text.items()}
    tensors = {k: (torch.randn(v.shape) * 0.02).half() for k, v in shapes.items()}
    save_file(tensors, path)


def main() -> None:
    """Print the size of the file and the peak of the process that ran it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "models" / "checkpoints" / "full.safetensors"
        path.parent.mkdir(parents=True)
        script = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r});"
        script += f"import memory, pathlib; memory.write_checkpoint(pathlib.Path({str(path)!r}))"
        subprocess.run([sys.executable, "-c", script], check=True)
        (folder / "graph.yaml").write_text(GRAPH)
        command = [sys.executable, "-m", "nodeflow", "run", "graph.yaml", "--no-cache", "--explain"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        code = (
            "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:]);"
            "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss;"
            "print(f'peak {peak / 1e6:.2f} GB'); sys.exit(done.returncode)"
        )
        subprocess.run([sys.executable, "-c", code, *command], cwd=folder, check=True)
        print(f"file {path.stat().st_size / 1e9:.2f} GB ({before / 1e6:.2f} GB to write it)")


if __name__ == "__main__":
    main()
