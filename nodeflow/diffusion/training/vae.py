"""Training of the autoencoder: crops of growing size, L1, gradients and colour first."""

import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.training.loop import Run, train
from nodeflow.diffusion.training.scene import COLOURS, Library, compose
from nodeflow.diffusion.vae.blocks import Attention, ResnetBlock
from nodeflow.diffusion.vae.config import VAEConfig
from nodeflow.diffusion.vae.model import AutoencoderKL

CONFIG = VAEConfig(block_out_channels=(32, 64, 96, 96), layers_per_block=1, norm_groups=8)


def skip_path_first(vae: AutoencoderKL) -> None:
    """Initialise so that the path around the resnets carries the picture from the start.

    Unit-gain convolutions outside the resnets, the residual branches scaled by 0.02, and a
    log-variance of about -4: colour is there within seconds of training.
    """
    inside = {
        conv
        for block in vae.modules()
        if isinstance(block, ResnetBlock)
        for conv in (block.conv1, block.conv2)
    }
    with torch.no_grad():
        for module in vae.modules():
            if isinstance(module, nn.Conv2d) and module not in inside:
                fan_in = module.weight[0].numel()
                module.weight.normal_(0.0, fan_in**-0.5)
                if module.bias is not None:
                    module.bias.zero_()
            elif isinstance(module, ResnetBlock):
                module.conv2.weight.mul_(0.02)
            elif isinstance(module, Attention):
                module.to_out[0].get_parameter("weight").mul_(0.02)
        half = vae.config.latent_channels
        vae.quant_conv.weight[half:].mul_(0.02)
        if vae.quant_conv.bias is not None:
            vae.quant_conv.bias[half:].fill_(-4.0)


def scene_pool(library: Library, count: int, seed: int) -> Tensor:
    """`count` composed pictures, uint8 `[count, 3, 128, 128]`, subjects in turn."""
    rng = random.Random(seed)
    pictures = library.pictures
    names = list(COLOURS)
    scenes = [compose(pictures[i % len(pictures)], rng.choice(names), rng) for i in range(count)]
    return torch.from_numpy(np.stack(scenes)).permute(0, 3, 1, 2).contiguous()


def gradient_loss(a: Tensor, b: Tensor) -> Tensor:
    """L1 of the horizontal and vertical differences."""
    return F.l1_loss(a.diff(dim=-1), b.diff(dim=-1)) + F.l1_loss(a.diff(dim=-2), b.diff(dim=-2))


def reconstruction_loss(out: Tensor, target: Tensor, fraction: float) -> Tensor:
    """L1, gradients at two scales, and squared error of colours that fades out at 60 %."""
    half_out, half_target = F.avg_pool2d(out, 2), F.avg_pool2d(target, 2)
    edges = gradient_loss(out, target) + gradient_loss(half_out, half_target)
    loss = F.l1_loss(out, target) + 0.5 * edges
    colour = max(0.0, 1 - fraction / 0.6)
    if colour > 0:
        pooled = F.mse_loss(F.avg_pool2d(out, 8), F.avg_pool2d(target, 8))
        loss = loss + 1.5 * colour * (F.mse_loss(out, target) + 2 * pooled)
    return loss


def crop_size(fraction: float) -> tuple[int, int]:
    """Side in pixels and batch size of the crops at a fraction of the training."""
    if fraction < 0.2:
        return 32, 32
    return (64, 12) if fraction < 0.75 else (128, 4)


def train_vae(run: Run, library: Library, pool_size: int = 6000) -> AutoencoderKL:
    """Train the embedded model's autoencoder; returns its EMA weights."""
    torch.manual_seed(run.seed)
    vae = AutoencoderKL(CONFIG)
    skip_path_first(vae)
    pool = scene_pool(library, pool_size, run.seed)

    def step_loss(
        model: nn.Module, fraction: float, generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        assert isinstance(model, AutoencoderKL)
        side, batch = crop_size(fraction)
        picks = torch.randint(len(pool), (batch,), generator=generator).tolist()
        corners = torch.randint(0, 129 - side, (batch, 2), generator=generator).tolist()
        crops = [
            pool[i, :, y : y + side, x : x + side] for i, (y, x) in zip(picks, corners, strict=True)
        ]
        target = torch.stack(crops).float() / 127.5 - 1
        mean, logvar = model.moments(target)
        noise = torch.randn(mean.shape, generator=generator)
        out = model.decode(mean + torch.exp(0.5 * logvar) * noise)
        divergence = 0.5 * (mean**2 + logvar.exp() - 1 - logvar).mean()
        loss = reconstruction_loss(out, target, fraction)
        mse = float(F.mse_loss(out.detach(), target))
        weight = 3e-4 * min(fraction / 0.2, 1.0)
        return loss + weight * divergence, {"mse": mse, "kl": float(divergence.detach())}

    trained = train(run, vae, step_loss)
    assert isinstance(trained, AutoencoderKL)
    return trained


def normalise_latents(vae: AutoencoderKL, pool: Tensor, scale_factor: float) -> None:
    """Fold each latent channel's mean and deviation into the 1x1 convolutions.

    Afterwards latents times `scale_factor` have mean 0 and deviation 1 over the pool, as the
    diffusion model expects, and pictures decode as before.
    """
    with torch.no_grad():
        means = [vae.encode(batch.float() / 127.5 - 1) for batch in torch.split(pool, 16)]
        latents = torch.cat(means)
        mean = latents.mean((0, 2, 3))
        gain = 1 / (latents.std((0, 2, 3)) * scale_factor)
        half = vae.config.latent_channels
        quant, post = vae.quant_conv, vae.post_quant_conv
        assert quant.bias is not None and post.bias is not None
        quant.weight[:half].mul_(gain[:, None, None, None])
        quant.bias[:half].sub_(mean).mul_(gain)
        quant.bias[half:].add_(2 * gain.log())
        post.bias.add_(post.weight[:, :, 0, 0] @ mean)
        post.weight.div_(gain[None, :, None, None])
