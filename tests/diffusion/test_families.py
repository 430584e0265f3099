"""Every family's published file is recognised and complete: nothing missing, nothing unused."""

import json
from math import prod
from pathlib import Path

import pytest
import torch

from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header
from nodeflow.diffusion.checkpoint.layout import find_layout
from nodeflow.diffusion.checkpoint.load import fitted, load_image_noise
from nodeflow.diffusion.checkpoint.names import names_of, outside, unused
from nodeflow.diffusion.checkpoint.open import open_checkpoint, open_clip, open_model
from nodeflow.diffusion.checkpoint.parts import (
    Part,
    text_parts,
    unet_part,
    vae_part,
    vision_part,
)
from nodeflow.diffusion.families.of_file import families_of
from nodeflow.diffusion.recipe import ExtraChannels, FamilyName, Labels, Prediction, Tower
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vae.model import AutoencoderKL
from nodeflow.diffusion.vision.transformer import ClipVisionTransformer
from tests.diffusion.published import LdmUNet, Shapes, ldm_unet, single_files, under

FILES = single_files()
F, X, L = FamilyName, ExtraChannels, Labels
EXPECTED: dict[str, tuple[FamilyName, ExtraChannels, Labels]] = {
    "SD1": (F.SD1, X.NONE, L.NONE),
    "SD1 inpaint": (F.SD1, X.INPAINT, L.NONE),
    "SD1 pix2pix": (F.SD1, X.EDIT, L.NONE),
    "SD2": (F.SD2, X.NONE, L.NONE),
    "SD2 inpaint": (F.SD2, X.INPAINT, L.NONE),
    "SD2 depth": (F.SD2, X.DEPTH, L.NONE),
    "SD2 unCLIP": (F.SD2, X.NONE, L.IMAGE),
    "SD2 unCLIP L": (F.SD2, X.NONE, L.IMAGE),
    "upscaler": (F.UPSCALER, X.UPSCALE, L.NOISE_LEVEL),
    "SDXL": (F.SDXL, X.NONE, L.SIZES),
    "SDXL inpaint": (F.SDXL, X.INPAINT, L.SIZES),
    "SDXL pix2pix": (F.SDXL, X.EDIT, L.SIZES),
    "SSD-1B": (F.SDXL, X.NONE, L.SIZES),
    "Vega": (F.SDXL, X.NONE, L.SIZES),
    "refiner": (F.REFINER, X.NONE, L.REFINER),
}
PARAMETERS = {"SD1": 859_520_964, "SD2": 865_910_724, "SDXL": 2_567_463_684}
"""Of the UNets, as their authors' model cards and code count them."""


def sparse(path: Path, shapes: Shapes) -> Path:
    """A safetensors file of zeros that takes no room on the disk."""
    head, at = {}, 0
    for name, shape in shapes.items():
        size = 2 * prod(shape)
        head[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(head).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + at)
    return path


def complete(part: Part, module: torch.nn.Module, shapes: Shapes) -> set[str]:  # type: ignore[type-arg]
    """The file's names that the module's weights come from; all are there and fit."""
    wanted = dict(module.named_parameters())
    names = names_of(part, wanted)
    assert set(names) == set(wanted)
    for ours, stored in names.items():
        shape = list(shapes[stored.name])
        if stored.third is not None:
            shape[0] //= 3
        value = torch.empty(shape, device="meta")
        value = value.mT if stored.transposed else value
        assert fitted(value, wanted[ours].shape).shape == wanted[ours].shape, ours
    assert unused(part, names) == []
    return {stored.name for stored in names.values()}


@pytest.mark.parametrize("kind", FILES)
def test_a_published_file_is_known_and_complete(kind: str, tmp_path: Path) -> None:
    shapes = FILES[kind]
    path = sparse(tmp_path / "x.safetensors", shapes)
    opened = open_checkpoint(path, "print")
    assert (opened.model.family, opened.model.extra, opened.model.labels) == EXPECTED[kind]
    assert (opened.vision is not None) == kind.startswith("SD2 unCLIP")
    used: set[str] = set()
    with torch.device("meta"):
        unet = UNet2DConditionModel(unet_part(path).config)
        used |= complete(unet_part(path), unet, shapes)
        used |= complete(vae_part(path), AutoencoderKL(vae_part(path).config), shapes)
        for part in text_parts(path).values():
            used |= complete(part, ClipTextTransformer(part.config), shapes)
        if opened.vision is not None:
            part = vision_part(path)
            used |= complete(part, ClipVisionTransformer(part.config), shapes)
            assert load_image_noise(path) is not None
    known = ("noise_augmentor.", "embedder.model.")
    rest = {name for name in set(shapes) - used if not name.startswith(known)}
    assert outside(shapes, find_layout(read_header(path))) == []
    assert {name.rsplit(".", 1)[-1] for name in rest} <= {"position_ids", "logit_scale"}
    if kind in PARAMETERS:
        assert sum(p.numel() for p in unet.parameters()) == PARAMETERS[kind]


def small(**changes: object) -> LdmUNet:
    """A UNet of few channels whose shapes say all that a published one's say."""
    base: dict[str, object] = {
        "model_channels": 64, "channel_mult": (1, 2), "depth": (1, 0), "res_blocks": 1,
        "cross_only": (False, False),
    }  # fmt: skip
    return LdmUNet(**{**base, **changes})  # type: ignore[arg-type]


SMALL = {
    "SD1": small(),
    "SD2": small(context=1024, linear=True),
    "SDXL": small(context=2048, linear=True, adm=2816, depth=(0, 2), middle=3),
    "refiner": small(context=1280, linear=True, adm=2560, depth=(0, 2), middle=2, in_channels=9),
    "pruned": small(
        context=2048, linear=True, adm=2816, depth=(0, 2), middle=-1, depth_up={1: (3, 1)}
    ),
    "upscaler": small(
        context=1024, linear=True, classes=9, in_channels=7, depth=(0, 1), cross_only=(False, True)
    ),
}


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("naming", ["LDM", "diffusers"])
def test_config_to_weights_and_back(kind: str, naming: str, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    first = unet_part(sparse(path, under("model.diffusion_model.", ldm_unet(SMALL[kind])))).config
    if naming == "diffusers":
        with torch.device("meta"):
            weights = UNet2DConditionModel(first).state_dict()
        sparse(path, {name: tuple(value.shape) for name, value in weights.items()})
    else:
        sparse(path, ldm_unet(SMALL[kind]))
    found = unet_part(path)
    assert found.config == first
    with torch.device("meta"):
        assert (
            unused(found, names_of(found, dict(UNet2DConditionModel(first).named_parameters())))
            == []
        )
    assert open_model(path, "").context_width == SMALL[kind].context


def test_what_no_family_has_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    for changes, message in (
        ({"context": 4096}, "takes text of width 4096; known are 768"),
        ({"in_channels": 6}, "takes 6 channels; Stable Diffusion 1 models take 4 "),
        ({"context": 2048, "adm": 99}, "label vector of width 99"),
    ):
        sparse(path, ldm_unet(small(**changes)))
        with pytest.raises(CheckpointError, match=message):
            open_model(path, "")


def test_an_sdxl_file_without_its_second_tower_is_refused(tmp_path: Path) -> None:
    shapes = {n: s for n, s in FILES["SDXL"].items() if not n.startswith("conditioner.embedders.1")}
    path = sparse(tmp_path / "x.safetensors", shapes)
    with pytest.raises(CheckpointError, match="SDXL and lacks the text encoder clip_g"):
        open_checkpoint(path, "")


def test_text_encoders_of_their_own_files(tmp_path: Path) -> None:
    parts = {"0.transformer.": "l", "1.model.": "g"}
    paths = []
    for prefix, name in parts.items():
        whole = f"conditioner.embedders.{prefix}"
        shapes = {n.removeprefix(whole): s for n, s in FILES["SDXL"].items() if n.startswith(whole)}
        paths.append(sparse(tmp_path / f"{name}.safetensors", shapes))
    both = open_clip([(path, path.name) for path in reversed(paths)])
    assert both.family is FamilyName.SDXL
    assert [source.tower for source in both.sources] == [Tower.L, Tower.G]
    assert open_clip([(paths[0], "")]).family is FamilyName.SD1
    with pytest.raises(CheckpointError, match="needs the text encoder clip_g"):
        open_clip([(paths[0], "")], FamilyName.SDXL)


@pytest.mark.parametrize(("spread", "kind"), [(0.05, Prediction.EPS), (0.2, Prediction.V)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_sd2_is_told_apart_by_its_last_norm(
    spread: float, kind: Prediction, dtype: torch.dtype, tmp_path: Path
) -> None:
    from safetensors.torch import save_file

    telling = "output_blocks.11.1.transformer_blocks.0.norm1.bias"
    values = torch.tensor([spread, -spread] * 160)
    shapes = ldm_unet(LdmUNet(context=1024, linear=True))
    path = sparse(tmp_path / "x.safetensors", shapes)
    assert open_model(path, "").prediction is Prediction.EPS
    with path.open("r+b") as file:
        file.seek(read_header(path).tensors[telling].start)
        file.write(values.half().numpy().tobytes())
    assert open_model(path, "").prediction is kind
    save_file({telling: values.to(dtype)}, tmp_path / "one.safetensors")
    from nodeflow.diffusion.checkpoint.numbers import read_numbers
    from nodeflow.diffusion.families.sd2 import prediction

    info = read_header(tmp_path / "one.safetensors").tensors[telling]
    read = read_numbers(tmp_path / "one.safetensors", info)
    assert read is not None and len(read) == 320
    assert prediction(UNetConfig(context_width=1024), lambda name: read) is kind


@pytest.mark.parametrize("kind", FILES)
def test_scale_levels_and_heads_of_each_kind(kind: str, tmp_path: Path) -> None:
    path = sparse(tmp_path / "x.safetensors", FILES[kind])
    heads = {"SD2": (5, 10, 20, 20), "SDXL": (5, 10, 20), "SSD-1B": (5, 10, 20)}
    heads |= {"Vega": (5, 10, 20), "refiner": (6, 12, 24, 24)}
    known = heads.get(kind) or heads.get(kind.split()[0], (8, 8, 8, 8))
    assert unet_part(path).config.heads == known
    model = open_model(path, "")
    upscaler, xl = kind == "upscaler", model.family in (F.SDXL, F.REFINER)
    assert model.scale_factor == (0.08333 if upscaler else 0.13025 if xl else 0.18215)
    assert model.betas == ((0.0001, 0.02) if upscaler else (0.00085, 0.012))
    assert model.prediction is (Prediction.V if upscaler else Prediction.EPS)


@pytest.mark.parametrize("marks", [(), ("v_pred",), ("v_pred", "ztsnr"), ("ztsnr",)])
def test_markers_in_the_file_are_believed(marks: tuple[str, ...], tmp_path: Path) -> None:
    for context, linear, more in ((768, False, {}), (2048, True, {"adm": 2816})):
        unet = ldm_unet(small(context=context, linear=linear, **more))
        shapes = under("model.diffusion_model.", unet)
        path = sparse(tmp_path / f"{context}.safetensors", {**shapes, **dict.fromkeys(marks, (0,))})
        opened = open_model(path, "")
        assert opened.prediction is (Prediction.V if "v_pred" in marks else Prediction.EPS)
        assert opened.zero_snr is ("ztsnr" in marks)


def test_text_encoders_of_the_first_files_lack_a_part_of_the_name(tmp_path: Path) -> None:
    shapes = {
        n.replace("transformer.text_model.", "transformer."): s for n, s in FILES["SD1"].items()
    }
    path = sparse(tmp_path / "x.safetensors", shapes)
    (source,) = open_checkpoint(path, "").clip.sources
    assert source.tower is Tower.L
    part = text_parts(path)[Tower.L]
    with torch.device("meta"):
        complete(part, ClipTextTransformer(part.config), shapes)


def test_a_table_of_too_few_tokens_is_refused(tmp_path: Path) -> None:
    name = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
    path = sparse(tmp_path / "x.safetensors", {**FILES["SD1"], name: (1000, 768)})
    with pytest.raises(CheckpointError, match="knows 1000 tokens, CLIP has 49408"):
        open_checkpoint(path, "")


@pytest.mark.parametrize("name", FILES)
def test_the_family_of_a_file_is_told_without_loading_it(name: str, tmp_path: Path) -> None:
    path = sparse(tmp_path / "model.safetensors", FILES[name])
    assert families_of("checkpoints", path) == (EXPECTED[name][0],)
    assert families_of("vae", path) == ()
