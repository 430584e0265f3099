"""An adapter trained on a model recipe: its network, its schedule, what it takes besides text."""

import torch

from nodeflow.diffusion.adapters.held import HeldAdapter, held
from nodeflow.diffusion.conditioning import Conditioning
from nodeflow.diffusion.guidance.model_inputs import ModelInputs, Takes
from nodeflow.diffusion.guidance.noise_augmentation import image_noise
from nodeflow.diffusion.guidance.regions import region
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.packed import unpack
from nodeflow.diffusion.recipe import ModelRecipe
from nodeflow.diffusion.residency import residency_of, shared_copy
from nodeflow.diffusion.sampling.host import Host
from nodeflow.diffusion.sampling.resident import schedule_of
from nodeflow.diffusion.training.adapter import (
    AdapterTraining,
    Examples,
    drawn_from,
    train_adapter,
)
from nodeflow.diffusion.unet.model import UNet2DConditionModel


def examples_of(
    model: ModelRecipe, latent: Latent, prompts: Conditioning, seed: int, device: str
) -> Examples:
    """Latents with their prompts: one for all, or as many as there are latents."""
    scaled = latent.samples.float().to(device) * model.scale_factor
    takes = Takes(
        model.labels, model.extra, model.scale_factor, image_noise(model), model.context_width
    )
    inputs = ModelInputs(takes, scaled, None, seed)
    schedule = schedule_of(model)
    regions = [region(e, tuple(scaled.shape), schedule, inputs=inputs) for e in prompts]
    if len(regions) not in (1, len(scaled)):
        raise ValueError(f"{len(regions)} prompts for {len(scaled)} latents: give one, or as many")
    longest = max(r.embedding.shape[1] for r in regions)
    if any(longest % r.embedding.shape[1] for r in regions):
        raise ValueError("the prompts are of different length: make them equally long")
    text = [r.embedding.repeat(1, longest // r.embedding.shape[1], 1) for r in regions]
    labels = [r.labels for r in regions if r.labels is not None]
    return Examples(
        scaled,
        torch.cat(text).to(device),
        torch.cat(labels).to(device) if labels else None,
        None if regions[0].extra is None else regions[0].extra.to(device),
    )


def train_on(
    model: ModelRecipe,
    latent: Latent,
    prompts: Conditioning,
    training: AdapterTraining,
    stored_in: torch.dtype,
    host: Host,
    start: HeldAdapter | None = None,
) -> tuple[HeldAdapter, list[float]]:
    """The adapter, its tensors in `stored_in`, and the loss of each step."""
    residency = host.resources.get(*residency_of(host.device))
    own = shared_copy(residency.unet(model))
    unpack(own)
    own.float()
    assert isinstance(own, UNet2DConditionModel)
    drawn = drawn_from(
        examples_of(model, latent, prompts, training.seed, host.device), training.batch
    )
    tensors, losses = train_adapter(
        own,
        model.prediction,
        schedule_of(model),
        drawn,
        training,
        lambda step, loss: host.progress(step, training.steps, None),
        None if start is None else start.tensors,
    )
    return held({name: t.to(stored_in) for name, t in tensors.items()}), losses
