"""Files of every adapter format, of published names and shapes for whole networks: complete, and
of another family found by the header alone."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import torch
import transformers

from nodeflow.diffusion.adapters.apply import fit_to, single_file_modules
from nodeflow.diffusion.adapters.fit import Fit, Shape, fit
from nodeflow.diffusion.adapters.names import Target
from nodeflow.diffusion.adapters.open import model_with_adapter
from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, TensorInfo
from nodeflow.diffusion.checkpoint.open import open_model
from nodeflow.diffusion.recipe import WeightsFile
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from tests.diffusion.adapters import formats
from tests.diffusion.adapters.formats import DOTTED, FLAT, dotted, flat
from tests.diffusion.published import SDXL, LdmUNet, Shapes, single_files
from tests.diffusion.test_families import sparse
from tests.diffusion.test_family_parity import TEXT_TIME, reference_unet, sdxl

CONFIGS = {"SD1": UNetConfig(), "SDXL": sdxl((0, 2, 10))}
LDM = {"SD1": LdmUNet(), "SDXL": LdmUNet(**SDXL)}  # type: ignore[arg-type]
COUNTS = {"SD1": 282, "SDXL": 794}
"""Linear layers and convolutions of the published UNets."""
MORE = {"SD1": {}, "SDXL": {"projection_class_embeddings_input_dim": 2816, **TEXT_TIME}}


@cache
def ours(family: str) -> UNet2DConditionModel:
    with torch.device("meta"):
        return UNet2DConditionModel(CONFIGS[family])


@cache
def theirs(family: str, norms: bool = False) -> Shapes:
    """diffusers' modules."""
    with torch.device("meta"):
        return formats.diffusers_modules(
            reference_unet(CONFIGS[family], **MORE[family]), norms  # type: ignore[arg-type]
        )  # fmt: skip


@cache
def own(family: str) -> tuple[dict[str, Shape], dict[str, str]]:
    """Our shapes, and the single file's names of our modules."""
    unet = ours(family)
    shapes = {n: tuple(p.shape) for n, p in unet.named_parameters()}
    return shapes, dict(single_file_modules(unet))


def held_against(shapes: Shapes, family: str) -> Fit:
    """`fit_to` without building the network's names again."""
    return fit(header_of(shapes), Target.UNET, *own(family))


def header_of(shapes: Shapes) -> Header:
    return Header({n: TensorInfo("F16", s, 0, 0) for n, s in shapes.items()}, {})


def files(family: str) -> Iterator[tuple[str, Shapes]]:
    """All formats, under all names that modules have."""
    single = formats.ldm_modules(LDM[family])
    for kind, suffixes in FLAT.items():
        prefixes = ("oft_unet_", "lora_unet_") if "OFT" in kind else ("lora_unet_", "lycoris_")
        for prefix in prefixes:
            yield f"{kind} {prefix}", flat(prefix, theirs(family), suffixes)
        yield f"{kind} of the single file", flat("lora_unet_", single, suffixes)
    for kind, suffixes in DOTTED.items():
        for prefix in ("unet.", "base_model.model.", ""):
            yield f"{kind} {prefix}", dotted(prefix, theirs(family), suffixes)
        yield f"{kind} of the single file", dotted("diffusion_model.", single, suffixes)


@pytest.mark.parametrize("family", COUNTS)
def test_every_format_is_complete_and_of_its_family(family: str) -> None:
    unet, other = ours(family), "SDXL" if family == "SD1" else "SD1"
    weighty = {n.removesuffix(".weight") for n, p in unet.named_parameters() if p.dim() > 1}
    assert len(weighty) == len(theirs(family)) == COUNTS[family]
    assert len(formats.ldm_modules(LDM[family])) == COUNTS[family]
    for kind, shapes in files(family):
        found = held_against(shapes, family)
        assert set(found.entries) == weighty, kind
        assert not found.strangers and not found.elsewhere and not found.unknown, kind
        used = {name for _, roles in found.entries.values() for name in roles.values()}
        assert used == set(shapes), kind
        with pytest.raises(CheckpointError, match="another family"):
            held_against(shapes, other)


@pytest.mark.parametrize("family", COUNTS)
def test_biases_and_norms(family: str) -> None:
    unet = ours(family)
    shapes = {f"lora_unet_{n.replace('.', '_')}{end}": s for n, s in theirs(family, True).items()
              for end in (".w_norm", ".b_norm")}  # fmt: skip
    found = held_against(shapes, family)
    assert set(found.entries) == set(theirs(family, True)) and not found.strangers
    biases = [n for n, _ in unet.named_parameters() if n.endswith(".bias")]
    narrow = {f"lora_unet_{n.removesuffix('.bias').replace('.', '_')}.diff_b": (7,) for n in biases}
    right = {f"{n.removesuffix('.bias')}.diff_b": tuple(p.shape) for n, p in
             unet.named_parameters() if n in biases}  # fmt: skip
    assert len(held_against(right, family).entries) == len(biases)
    with pytest.raises(CheckpointError, match="another family"):
        held_against(narrow, family)


@pytest.mark.parametrize("kind", ["LoRA", "LoHa, Tucker", "LoKr", "OFT", "BOFT", "PEFT DoRA"])
def test_of_another_family_before_a_weight_is_read(kind: str, tmp_path: Path) -> None:
    """Both files hold no weights on the disk: the headers are enough."""
    model = open_model(sparse(tmp_path / "xl.safetensors", single_files()["SDXL"]), "xl")
    if kind in FLAT:
        shapes = flat("lora_unet_", theirs("SD1"), FLAT[kind])
    else:
        shapes = dotted("unet.", theirs("SD1"), DOTTED[kind])
    path = sparse(tmp_path / "a.safetensors", shapes)
    with pytest.raises(CheckpointError, match="another family"):
        model_with_adapter(model, WeightsFile(str(path), "a"), 1.0)


TOWERS = {"L": (768, 12, 12), "H": (1024, 24, 16), "G": (1280, 32, 20)}
PREFIXES = {"L": ("lora_te_", "lora_te1_"), "H": ("lora_te_",), "G": ("lora_te2_",)}
DOTTED_PREFIXES = {"L": "text_encoder.", "H": "text_encoder.", "G": "text_encoder_2."}


@pytest.mark.parametrize("tower", TOWERS)
def test_text_encoders(tower: str) -> None:
    width, layers, heads = TOWERS[tower]
    config = transformers.CLIPTextConfig(
        hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=4 * width, projection_dim=width,
    )  # fmt: skip
    with torch.device("meta"):
        reference = transformers.CLIPTextModelWithProjection(config)
        text = ClipTextTransformer(
            TextConfig(width=width, layers=layers, heads=heads, inner=4 * width, projection=width)
        )
    modules = {n: tuple(m.weight.shape) for n, m in reference.named_modules()
               if isinstance(m, torch.nn.Linear) and ".layers." in n}  # fmt: skip
    target = Target.TEXT_2 if tower == "G" else Target.TEXT
    for suffixes in FLAT.values():
        for prefix in PREFIXES[tower]:
            found = fit_to(header_of(flat(prefix, modules, suffixes)), text, target)
            assert set(found.entries) == set(modules) and not found.strangers
    for suffixes in DOTTED.values():
        found = fit_to(header_of(dotted(DOTTED_PREFIXES[tower], modules, suffixes)), text, target)
        assert set(found.entries) == set(modules) and len(modules) == 6 * layers


def test_a_rotation_of_too_few_channels_is_refused() -> None:
    """It could be multiplied all the same, rows taken for columns."""
    name = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
    with pytest.raises(CheckpointError, match="640 numbers, the model has 1,280"):
        fit_to(header_of({f"{name}.oft_blocks": (160, 4, 4)}), ours("SD1"), Target.UNET)


def test_unknown_names_are_told_one_by_one() -> None:
    shapes = flat("lora_unet_", theirs("SD1"), formats.lora)
    odd = {"lora_unet_mid_block_nowhere.lora_up.weight": (1, 1), "extra.state": (3,)}
    found = fit_to(header_of({**shapes, **odd}), ours("SD1"), Target.UNET)
    assert found.strangers == ("lora_unet_mid_block_nowhere",) and found.unknown == ("extra.state",)
    assert len(found.entries) == COUNTS["SD1"]
