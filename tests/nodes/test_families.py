"""Small models of several families from files to pictures, through the nodes that people use."""

from math import prod
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from nodeflow.node.context import RunContext
from nodeflow.node.folders import Folders, ModelRoot
from nodeflow.node.plugins import load_registry
from nodeflow.node.trust import TrustList
from tests.diffusion.published import (
    LdmUNet,
    Shapes,
    hf_text,
    ldm_unet,
    ldm_vae,
    openclip_text,
    openclip_vision,
    under,
)

NODES = load_registry([], TrustList(Path("nowhere.json"))).nodes
VAE = under("first_stage_model.", ldm_vae((1, 1, 1, 1), base=32))
TEXT_L = under("conditioner.embedders.0.transformer.", hf_text(768, 2))
TEXT_G_BARE = openclip_text(1280, 2, 1280)
TEXT_G = under("conditioner.embedders.1.model.", TEXT_G_BARE)
TEXT_H = under("cond_stage_model.model.", openclip_text(1024, 2, 1024))
TEXT_SD1 = under("cond_stage_model.transformer.", hf_text(768, 2))


def unet(**changes: object) -> Shapes:
    """A UNet of one narrow level and one with attention."""
    base: dict[str, object] = {
        "model_channels": 64, "channel_mult": (1, 1), "depth": (0, 1), "res_blocks": 1,
        "linear": True, "cross_only": (False, False),
    }  # fmt: skip
    made = LdmUNet(**{**base, **changes})  # type: ignore[arg-type]
    return under("model.diffusion_model.", ldm_unet(made))


def write(path: Path, *parts: Shapes) -> Path:
    """Random weights, small enough that nothing overflows."""
    torch.manual_seed(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for part in parts:
        for name, shape in part.items():
            if not shape or "position_ids" in name:
                continue
            if "norm" in name and name.endswith("weight"):
                tensors[name] = torch.ones(shape)
                continue
            # A big table is a small one many times over, which is quicker to draw.
            drawn = torch.randn(min(shape[0], 4096), *shape[1:])
            drawn = drawn.repeat(-(-shape[0] // len(drawn)), *[1] * (len(shape) - 1))[: shape[0]]
            tensors[name] = drawn * 0.2 / max(1.0, prod(shape[1:]) ** 0.5)
    save_file({name: value.half() for name, value in tensors.items()}, path)
    return path


def split(whole: Path, prefix: str, path: Path) -> None:
    """A part of a whole file in a file of its own."""
    path.parent.mkdir(exist_ok=True)
    tensors = load_file(whole)
    own = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
    save_file(own, path)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models."""
    models = tmp_path_factory.mktemp("models")
    sdxl = unet(context=2048, adm=2816)
    whole = write(models / "checkpoints" / "sdxl.safetensors", sdxl, TEXT_L, TEXT_G, VAE)
    nine = unet(context=768, linear=False, in_channels=9)
    text = under("cond_stage_model.transformer.", hf_text(768, 2))
    write(models / "checkpoints" / "inpaint.safetensors", nine, text, VAE)
    text = under("cond_stage_model.model.", openclip_text(1024, 2, 1024))
    vision = under("embedder.model.visual.", openclip_vision(128, 256, 2, 1024))
    noise = {"noise_augmentor.data_mean": (1, 1024), "noise_augmentor.data_std": (1, 1024)}
    eyes = unet(context=1024, adm=2048)
    write(models / "checkpoints" / "unclip.safetensors", eyes, text, VAE, vision, noise)
    split(whole, "model.diffusion_model.", models / "diffusion_models" / "xl.safetensors")
    split(whole, "conditioner.embedders.0.transformer.", models / "clip" / "l.safetensors")
    split(whole, "conditioner.embedders.1.model.", models / "text_encoders" / "g.safetensors")
    split(whole, "first_stage_model.", models / "vae" / "v.safetensors")
    return models


@pytest.fixture(scope="module")
def context(root: Path) -> RunContext:
    """A run with that folder."""
    return RunContext(folders=Folders(models=(ModelRoot.at(root),)))


def call(id: str, **inputs: object):  # type: ignore[no-untyped-def]
    """A node as the function it is."""
    return NODES[id].function(**inputs)


def sampled(model: object, positive: object, negative: object, latent: object, context: RunContext):  # type: ignore[no-untyped-def]
    """Two steps."""
    return call(
        "KSampler", model=model, positive=positive, negative=negative, latent_image=latent,
        context=context, seed=5, steps=2, cfg=3.0,
    )  # fmt: skip


def test_sdxl_whole_and_from_parts(context: RunContext) -> None:
    whole = call("CheckpointLoaderSimple", ckpt_name="sdxl", context=context)
    model = call("UNETLoader", unet_name="xl", context=context)
    clip = call("DualCLIPLoader", clip_name1="g", clip_name2="l", context=context)
    canvas = call("EmptyLatentImage", width=64, height=64)
    results, prompts = [], []
    for m, c in ((whole.MODEL, whole.CLIP), (model, clip)):
        text = call("CLIPTextEncode", text="a (red:1.2) cat", clip=c, context=context)
        assert text[0].embedding.shape == (1, 77, 2048) and text[0].pooled.shape == (1, 1280)
        prompts.append(text[0])
        results.append(sampled(m, text, text, canvas, context).samples)
    assert torch.isfinite(results[0]).all() and torch.equal(*results)
    assert torch.equal(*(prompt.embedding for prompt in prompts))
    assert torch.equal(*(prompt.pooled for prompt in prompts))
    told = call(
        "CLIPTextEncodeSDXL", clip=clip, text_g="a cat", text_l="a cat " * 40, context=context,
        width=64, height=64, target_width=64, target_height=64,
    )  # fmt: skip
    assert told[0].embedding.shape == (1, 154, 2048)
    image = call("VAEDecode", samples=canvas, vae=whole.VAE, context=context)
    assert image.shape == (1, 64, 64, 3)
    alone = call("VAELoader", vae_name="v", context=context)
    assert torch.equal(image, call("VAEDecode", samples=canvas, vae=alone, context=context))


def test_rounded_weights_are_another_model(context: RunContext) -> None:
    from nodeflow.diffusion.packed import plain
    from nodeflow.diffusion.residency import residency_of

    residency = context.resources.get(*residency_of("cpu"))
    stored = call("UNETLoader", unet_name="xl", context=context)
    rounded = call("UNETLoader", unet_name="xl", weight_dtype="fp8_e4m3fn", context=context)
    a, b = (plain(residency.unet(r).conv_in.weight) for r in (stored, rounded))
    assert torch.equal(b, a.to(torch.float8_e4m3fn).float()) and not torch.equal(a, b)


def test_an_inpainting_model_gets_its_picture(context: RunContext) -> None:
    loaded = call("CheckpointLoaderSimple", ckpt_name="inpaint", context=context)
    text = call("CLIPTextEncode", text="a cat", clip=loaded.CLIP, context=context)
    mask = torch.zeros(1, 64, 64)
    mask[:, 32:] = 1
    made = []
    for brightness in (0.2, 0.9):
        given = call(
            "InpaintModelConditioning", positive=text, negative=text, vae=loaded.VAE, mask=mask,
            pixels=torch.full((1, 64, 64, 3), brightness), context=context, noise_mask=False,
        )  # fmt: skip
        assert given.latent.noise_mask is None
        blank = call("EmptyLatentImage", width=64, height=64)
        made.append(sampled(loaded.MODEL, given.positive, given.negative, blank, context).samples)
    assert not torch.equal(*made)


def test_a_picture_as_prompt(context: RunContext) -> None:
    loaded = call("unCLIPCheckpointLoader", ckpt_name="unclip", context=context)
    seen = call(
        "CLIPVisionEncode", clip_vision=loaded.CLIP_VISION, image=torch.rand(1, 90, 120, 3),
        context=context,
    )  # fmt: skip
    assert seen.embedding.shape == (1, 1024)
    text = call("CLIPTextEncode", text="a cat", clip=loaded.CLIP, context=context)
    prompted = call(
        "unCLIPConditioning", conditioning=text, clip_vision_output=seen, noise_augmentation=0.1
    )
    canvas = call("EmptyLatentImage", width=64, height=64)
    one = sampled(loaded.MODEL, prompted, text, canvas, context).samples
    other = sampled(loaded.MODEL, text, text, canvas, context).samples
    assert torch.isfinite(one).all() and not torch.equal(one, other)


def test_the_wrong_clip_is_refused_in_words(context: RunContext) -> None:
    from nodeflow.diffusion.guidance.labels import MissingInput

    model = call("UNETLoader", unet_name="xl", context=context)
    clip = call("CLIPLoader", clip_name="l", context=context)
    text = call("CLIPTextEncode", text="a cat", clip=clip, context=context)
    canvas = call("EmptyLatentImage", width=64, height=64)
    with pytest.raises(MissingInput, match="width of 768, this model takes 2048"):
        sampled(model, text, text, canvas, context)


KINDS = {
    "refiner": (unet(context=1280, adm=2560), under("conditioner.embedders.0.model.", TEXT_G_BARE)),
    "depth": (unet(context=1024, in_channels=5), TEXT_H),
    "pix2pix": (unet(context=768, linear=False, in_channels=8), TEXT_SD1),
    "xl pix2pix": (unet(context=2048, adm=2816, in_channels=8), {**TEXT_L, **TEXT_G}),
    "upscaler": (unet(context=1024, in_channels=7, classes=351), TEXT_H),
    "sd2 inpaint": (unet(context=1024, in_channels=9), TEXT_H),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_draws_from_its_file(kind: str, tmp_path: Path) -> None:
    """What conditions it changes the picture, and what it needs and lacks is said."""
    network, text = KINDS[kind]
    vae = under("first_stage_model.", ldm_vae((1, 1, 1), base=32)) if kind == "upscaler" else VAE
    write(tmp_path / "checkpoints" / "it.safetensors", network, text, vae)
    context = RunContext(folders=Folders(models=(ModelRoot.at(tmp_path),)))
    loaded = call("CheckpointLoaderSimple", ckpt_name="it", context=context)
    words = call("CLIPTextEncode", text="a cat", clip=loaded.CLIP, context=context)
    pixels = torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(1))
    made = []
    for picture in (pixels, 1 - pixels):
        latent = call("EmptyLatentImage", width=64, height=64)
        pair = words, words
        given = {"positive": words, "negative": words}
        if kind == "depth":
            pair = call("DepthConditioning", **given, depth=picture)
        elif kind == "upscaler":
            *pair, latent = call("SD_4XUpscale_Conditioning", **given, images=picture[:, :16, :16])
            assert latent.samples.shape == (1, 4, 16, 16)
        elif kind.endswith("pix2pix"):
            *pair, latent = call(
                "InstructPixToPixConditioning", **given, vae=loaded.VAE, pixels=picture,
                context=context,
            )  # fmt: skip
        elif kind == "sd2 inpaint":
            mask = torch.zeros(1, 64, 64)
            mask[:, 32:] = 1
            *pair, latent = call(
                "InpaintModelConditioning", **given, vae=loaded.VAE, pixels=picture, mask=mask,
                context=context,
            )  # fmt: skip
        else:
            score = 6.0 if picture is pixels else 1.0
            told = call(
                "CLIPTextEncodeSDXLRefiner", ascore=score, width=64, height=64, text="a cat",
                clip=loaded.CLIP, context=context,
            )  # fmt: skip
            pair = told, words
        made.append(sampled(loaded.MODEL, *pair, latent, context))
    first, second = (m.samples for m in made)
    assert first.isfinite().all() and not torch.equal(first, second)
    drawn = call("VAEDecode", samples=made[0], vae=loaded.VAE, context=context)
    assert drawn.shape == (1, 64, 64, 3)
    if kind == "depth":
        from nodeflow.diffusion.guidance.labels import MissingInput

        with pytest.raises(MissingInput, match="put DepthConditioning before the sampler"):
            sampled(loaded.MODEL, words, words, latent, context)
