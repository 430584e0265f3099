"""DDPM training of the UNet (arXiv 2006.11239), predicting eps or v (arXiv 2202.00512)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.training.latents import LatentSet
from nodeflow.diffusion.training.loop import Run, train
from nodeflow.diffusion.training.scene import Library, caption
from nodeflow.diffusion.training.text import NAMES, rng_from
from nodeflow.diffusion.training.vocabulary import LENGTH, SHORT, Vocabulary
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.model import UNet2DConditionModel

CONFIG = UNetConfig(
    block_out_channels=(64, 128, 192),
    layers_per_block=1,
    transformer_depth=(1, 1, 0),
    heads=(8, 8, 8),
    context_width=192,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is shown when: until `core_until` of the training nearly only the core subjects."""

    subjects: Sequence[int]
    core: Sequence[int] = ()
    core_until: float = 0.0
    core_share: float = 0.92
    prediction: Prediction = Prediction.V
    batch: int = 8
    lean: float = 0.7
    empty: float = 0.1


def alphas_cumprod() -> Tensor:
    """SD's scaled-linear schedule, float32 `[1000]`."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).float()


def timesteps(count: int, lean: float, generator: torch.Generator) -> Tensor:
    """Stratified over the batch, leaning to high noise: `999 u^lean`, int64 `[count]`."""
    u = (torch.arange(count) + torch.rand(count, generator=generator)) / count
    return (u**lean * 999).round().long()


def rows_by_subject(latents: LatentSet, subjects: Sequence[int]) -> Tensor:
    """Indices of all latents that show one of the subjects."""
    wanted = torch.tensor(sorted(subjects), dtype=torch.long)
    return torch.isin(latents.subject, wanted).nonzero().squeeze(1)


def train_unet(
    run: Run,
    library: Library,
    vocabulary: Vocabulary,
    latents: LatentSet,
    text: ClipTextTransformer,
    plan: Plan,
    start: UNet2DConditionModel | None = None,
) -> UNet2DConditionModel:
    """Train from nothing, or go on from `start` (new subjects, a new schedule)."""
    torch.manual_seed(run.seed)
    unet = start or UNet2DConditionModel(CONFIG)
    acp = alphas_cumprod()
    everything = rows_by_subject(latents, plan.subjects)
    core = rows_by_subject(latents, plan.core) if plan.core else everything

    def step_loss(
        model: nn.Module, fraction: float, generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        rng = rng_from(generator)
        use_core = fraction < plan.core_until
        indices = []
        for _ in range(plan.batch):
            source = core if use_core and rng.random() < plan.core_share else everything
            indices.append(int(source[rng.randrange(len(source))]))
        picks = torch.tensor(indices)
        texts = [
            ""
            if rng.random() < plan.empty
            else caption(library.subjects[int(s)], NAMES[int(c)], rng)
            for s, c in zip(latents.subject[picks], latents.colour[picks], strict=True)
        ]
        short = rng.random() < (0.88 if fraction < 0.8 else 0.4)
        with torch.no_grad():
            context = text(vocabulary.rows(texts, SHORT if short else LENGTH))
        clean = latents.draw(picks, generator)
        noise = torch.randn(clean.shape, generator=generator)
        t = timesteps(plan.batch, plan.lean, generator)
        a, s = (x[t, None, None, None] for x in (acp.sqrt(), (1 - acp).sqrt()))
        target = a * noise - s * clean if plan.prediction is Prediction.V else noise
        out = model(a * clean + s * noise, t, context)
        loss = F.mse_loss(out, target)
        return loss, {}

    trained = train(run, unet, step_loss)
    assert isinstance(trained, UNet2DConditionModel)
    return trained


def clean_error(
    unet: UNet2DConditionModel,
    context: Tensor,
    clean: Tensor,
    t: int,
    prediction: Prediction,
    generator: torch.Generator,
) -> float:
    """Mean squared error of the predicted clean latent at one timestep: what to watch."""
    acp = alphas_cumprod()[t]
    a, s = acp.sqrt(), (1 - acp).sqrt()
    noise = torch.randn(clean.shape, generator=generator)
    noisy = a * clean + s * noise
    with torch.no_grad():
        out = unet(noisy, torch.full((len(clean),), t), context)
    guess = a * noisy - s * out if prediction is Prediction.V else (noisy - s * out) / a
    return float(F.mse_loss(guess, clean))
