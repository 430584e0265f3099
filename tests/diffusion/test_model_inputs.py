"""What models take beside noise, time and text: sizes, image prompts, masks, pictures."""

import pytest
import torch
from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import (
    StableUnCLIPImageNormalizer,
)

from nodeflow.diffusion.conditioning import ConditioningEntry, ExtraImage, ImagePrompt, Sizes
from nodeflow.diffusion.guidance.labels import MissingInput, image_labels
from nodeflow.diffusion.guidance.model_inputs import ModelInputs, Takes
from nodeflow.diffusion.guidance.noise_augmentation import ImageNoise, cosine_acp
from nodeflow.diffusion.recipe import ExtraChannels, Labels
from nodeflow.diffusion.unet.timestep import timestep_features

LATENT = torch.arange(4 * 8 * 12.0).reshape(1, 4, 8, 12)


def entry(**changes: object) -> ConditioningEntry:
    """A prompt with pooled text."""
    return ConditioningEntry(torch.zeros(1, 77, 2048), torch.ones(1, 1280), **changes)  # type: ignore[arg-type]


def inputs(mask: torch.Tensor | None = None, **takes: object) -> ModelInputs:
    """Makers of inputs for a latent of 96 by 64 pixels."""
    return ModelInputs(Takes(**takes), LATENT, mask, seed=7)  # type: ignore[arg-type]


def told(label: torch.Tensor | None) -> list[list[float]]:
    """The sinusoids behind the pooled text, 256 for each number."""
    assert label is not None
    return label[0, 1280:].reshape(-1, 256).tolist()


def sines(*values: float) -> list[list[float]]:
    """Of numbers."""
    return timestep_features(torch.tensor(values), 256).tolist()


def test_sdxl_is_told_height_before_width_and_the_latents_size_where_none_is_given() -> None:
    makes = inputs(labels=Labels.SIZES)
    sizes = Sizes(768, 1024, crop_h=8, crop_w=16, target_height=512, target_width=640)
    assert told(makes.labels(entry(sizes=sizes), False)) == sines(768, 1024, 8, 16, 512, 640)
    assert told(makes.labels(entry(), False)) == sines(64, 96, 0, 0, 64, 96)


def test_the_refiner_is_told_a_score_lower_for_the_negative_prompt() -> None:
    makes = inputs(labels=Labels.REFINER)
    assert told(makes.labels(entry(), False)) == sines(64, 96, 0, 0, 6.0)
    assert told(makes.labels(entry(), True)) == sines(64, 96, 0, 0, 2.5)
    scored = entry(sizes=Sizes(512, 512, aesthetic_score=9.0))
    assert told(makes.labels(scored, True)) == sines(512, 512, 0, 0, 9.0)


def test_a_prompt_without_pooled_text_is_refused() -> None:
    plain = ConditioningEntry(torch.zeros(1, 77, 2048))
    with pytest.raises(MissingInput, match="model's own CLIP"):
        inputs(labels=Labels.SIZES).labels(plain, False)


def test_image_prompts() -> None:
    mean, std = torch.full((6,), 0.5), torch.full((6,), 2.0)
    noise = ImageNoise(mean, std)
    embedding = torch.linspace(-1, 1, 6)[None]
    level = round(999 * 0.6)
    found = image_labels((ImagePrompt(embedding, 0.5, 0.6),), noise, seed=3)
    normalizer = StableUnCLIPImageNormalizer(6)
    normalizer.load_state_dict({"mean": mean[None], "std": std[None]})
    drawn = torch.randn(1, 6, generator=torch.Generator().manual_seed(3))
    acp = cosine_acp()[level]
    mixed = normalizer.scale(embedding) * acp.sqrt().float() + drawn * (1 - acp).sqrt().float()
    assert torch.allclose(found[:, :6], 0.5 * normalizer.unscale(mixed), atol=1e-6)
    assert torch.allclose(found[:, 6:], 0.5 * timestep_features(torch.tensor([float(level)]), 6))
    assert not image_labels((), noise, 3).any()
    with pytest.raises(MissingInput, match="width 6, got 5"):
        image_labels((ImagePrompt(torch.zeros(1, 5)),), noise, 3)


def test_the_cosine_schedule_is_that_of_diffusers() -> None:
    from diffusers import DDPMScheduler

    theirs = DDPMScheduler(beta_schedule="squaredcos_cap_v2").alphas_cumprod
    assert torch.allclose(cosine_acp().float(), theirs, atol=1e-6)


def test_inpainting_models_take_the_mask_before_the_masked_latent() -> None:
    makes = inputs(extra=ExtraChannels.INPAINT, scale_factor=0.5)
    picture = torch.full((1, 4, 8, 12), 3.0)
    mask = torch.zeros(1, 64, 96)
    mask[:, :, 48:] = 1
    channels = makes.extra(entry(extra=ExtraImage(picture, mask)))
    assert channels is not None and channels.shape == (1, 5, 8, 12)
    assert channels[0, 0].sum() == 8 * 6 and set(channels[0, 0].flatten().tolist()) == {0, 1}
    assert channels[0, 0, 0, -1] == 1 and bool((channels[:, 1:] == 1.5).all())


def test_an_inpainting_model_without_its_conditioning_takes_the_latents_own_mask() -> None:
    noise_mask = torch.zeros(1, 1, 8, 12)
    noise_mask[..., 3:] = 0.7
    channels = inputs(noise_mask, extra=ExtraChannels.INPAINT).extra(entry())
    assert channels is not None
    assert torch.equal(channels[:, :1], noise_mask.round()) and torch.equal(channels[:, 1:], LATENT)
    blank = inputs(extra=ExtraChannels.INPAINT).extra(entry())
    assert blank is not None and bool((blank[:, 0] == 1).all()) and bool((blank[:, 2] < 0).all())


def test_editing_models_take_the_unscaled_latent() -> None:
    makes = inputs(extra=ExtraChannels.EDIT, scale_factor=0.5)
    picture = torch.randn(1, 4, 8, 12)
    channels = makes.extra(entry(extra=ExtraImage(picture)))
    assert channels is not None and torch.equal(channels, picture)
    blank = makes.extra(entry())
    assert blank is not None and not blank.any()


def test_depth_models_need_a_depth_map() -> None:
    makes = inputs(extra=ExtraChannels.DEPTH)
    with pytest.raises(MissingInput, match="DepthConditioning"):
        makes.extra(entry())
    depth = torch.rand(1, 1, 64, 96) * 2 - 1
    channels = makes.extra(entry(extra=ExtraImage(depth)))
    assert channels is not None and channels.shape == (1, 1, 8, 12)


def test_the_upscaler_is_told_the_noise_of_its_small_picture() -> None:
    makes = inputs(extra=ExtraChannels.UPSCALE, labels=Labels.NOISE_LEVEL)
    small = torch.zeros(1, 3, 8, 12)
    clean = entry(extra=ExtraImage(small))
    assert makes.labels(clean, False).tolist() == [0]  # type: ignore[union-attr]
    assert not makes.extra(clean).any()  # type: ignore[union-attr]
    noisy = entry(extra=ExtraImage(small, noise_augmentation=0.5))
    assert makes.labels(noisy, False).tolist() == [175]  # type: ignore[union-attr]
    noise = makes.extra(noisy)
    drawn = torch.randn(1, 3, 8, 12, generator=torch.Generator().manual_seed(7 - 10 + 2**64))
    assert (
        noise is not None
        and torch.corrcoef(torch.stack([noise.flatten(), drawn.flatten()]))[0, 1] > 0.9
    )
