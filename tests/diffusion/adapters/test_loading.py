"""Adapter files of every trainer against whole networks: names, sizes, laws, what is wrong."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nodeflow.diffusion.adapters.apply import apply_adapter, fit_to, shortened
from nodeflow.diffusion.adapters.grouping import check_adapter, context_width
from nodeflow.diffusion.adapters.names import Target
from nodeflow.diffusion.adapters.open import model_with_adapter, with_adapter
from nodeflow.diffusion.adapters.patch import AdapterPatch
from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, TensorInfo
from nodeflow.diffusion.checkpoint.ldm_keys import unet_key_map
from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.recipe import Tower, WeightsFile
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from tests.diffusion.adapters.formats import FLAT, flat

EMBEDDED = Path(__file__).parents[3] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
SD1 = UNetConfig()
SDXL = UNetConfig(
    block_out_channels=(320, 640, 1280), transformer_depth=(0, 2, 10), mid_depth=10,
    heads=(5, 10, 20), context_width=2048, linear_projection=True, label_width=2816,
)  # fmt: skip


def unet_of(config: UNetConfig) -> UNet2DConditionModel:
    with torch.device("meta"):
        return UNet2DConditionModel(config)


def targets(module: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    """What kohya's trainer changes: linear layers and convolutions of transformer blocks."""
    wanted = ("Transformer", "attn", "attentions", "self_attn", "mlp")
    return {
        name: tuple(layer.weight.shape)
        for name, layer in module.named_modules()
        if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d) and any(w in name for w in wanted)
    }


def header_of(shapes: dict[str, tuple[int, ...]]) -> Header:
    return Header({n: TensorInfo("F16", s, 0, 0) for n, s in shapes.items()}, {})


def kohya(prefix: str, modules: dict[str, tuple[int, ...]], rank: int = 4) -> Header:
    """A header with kohya's names for modules of these weight shapes."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (out, into, *kernel) in modules.items():
        stem = prefix + name.replace(".", "_")
        ones = (1,) * len(kernel)
        shapes[f"{stem}.lora_up.weight"] = (out, rank, *ones)
        shapes[f"{stem}.lora_down.weight"] = (rank, into, *kernel)
        shapes[f"{stem}.alpha"] = ()
    return header_of(shapes)


@pytest.mark.parametrize(("config", "count"), [(SD1, 192), (SDXL, 722)])
def test_kohyas_file_of_published_size_fits_completely(config: UNetConfig, count: int) -> None:
    unet = unet_of(config)
    modules = targets(unet)
    assert len(modules) == count
    found = fit_to(kohya("lora_unet_", modules), unet, Target.UNET)
    assert set(found.entries) == set(modules)
    assert not found.strangers and not found.elsewhere and not found.unknown
    back = {ours: theirs for theirs, ours in unet_key_map(config).items()}
    stored = {back[f"{n}.weight"].removesuffix(".weight"): s for n, s in modules.items()}
    again = fit_to(kohya("lora_unet_", stored), unet, Target.UNET)
    assert set(again.entries) == set(modules) and not again.strangers


def test_text_encoders_by_their_prefixes() -> None:
    with torch.device("meta"):
        text = ClipTextTransformer(TextConfig())
    modules = targets(text)
    assert len(modules) == 72
    for prefix in ("lora_te_", "lora_te1_"):
        found = fit_to(kohya(prefix, modules), text, Target.TEXT)
        assert set(found.entries) == set(modules) and not found.strangers
    other = fit_to(kohya("lora_te2_", modules), text, Target.TEXT)
    assert not other.entries and len(other.elsewhere) == 72
    peft = {f"text_encoder.{n}.lora_A.weight": (4, s[1]) for n, s in modules.items()}
    peft |= {f"text_encoder.{n}.lora_B.weight": (s[0], 4) for n, s in modules.items()}
    assert set(fit_to(header_of(peft), text, Target.TEXT).entries) == set(modules)


def test_diffusers_names_fit() -> None:
    unet = unet_of(SD1)
    modules = targets(unet)
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (out, into, *_) in modules.items():
        shapes[f"unet.{name}.lora_A.weight"] = (4, into)
        shapes[f"unet.{name}.lora_B.weight"] = (out, 4)
    found = fit_to(header_of(shapes), unet, Target.UNET)
    assert set(found.entries) == set(modules) and not found.unknown


def test_a_file_for_another_family_is_found_by_its_sizes() -> None:
    xl = unet_of(SDXL)
    with pytest.raises(CheckpointError, match="another family"):
        fit_to(kohya("lora_unet_", targets(unet_of(SD1))), xl, Target.UNET)


@pytest.mark.parametrize("kind", ["LoHa, Tucker", "LoKr, Tucker", "LoRA, Tucker"])
def test_cores_of_kernels_tell_another_family_too(kind: str) -> None:
    name = "down_blocks.0.resnets.0.conv1"
    for shape, fits in (((320, 320, 3, 3), True), ((640, 320, 3, 3), False)):
        header = header_of(flat("lora_unet_", {name: shape}, FLAT[kind]))
        if fits:
            assert set(fit_to(header, unet_of(SD1), Target.UNET).entries) == {name}
        else:
            with pytest.raises(CheckpointError, match="another family"):
                fit_to(header, unet_of(SD1), Target.UNET)


@pytest.mark.parametrize(("config", "width"), [(SD1, 768), (SDXL, 2048)])
def test_the_width_of_the_text_is_told_by_the_header(config: UNetConfig, width: int) -> None:
    assert context_width(kohya("lora_unet_", targets(unet_of(config)))) == width


def tiny_file(path: Path, seed: int = 0, scale: float = 0.02) -> WeightsFile:
    """A LoRA for the embedded model with random weights, for UNet and text encoder."""
    opened = open_checkpoint(EMBEDDED, "print")
    residency = Residency()
    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, torch.Tensor] = {}
    networks = {
        "lora_unet_": residency.unet(opened.model),
        "lora_te_": residency.text_encoders(opened.clip).towers[Tower.L],
    }
    for prefix, network in networks.items():
        for name, (out, into, *kernel) in targets(network).items():
            stem = prefix + name.replace(".", "_")
            ones = (1,) * len(kernel)
            down = torch.randn(4, into, *kernel, generator=generator)
            tensors[f"{stem}.lora_down.weight"] = down * scale
            tensors[f"{stem}.lora_up.weight"] = torch.randn(out, 4, *ones, generator=generator)
            tensors[f"{stem}.alpha"] = torch.tensor(4.0)
    save_file(tensors, path)
    return WeightsFile(str(path), f"print of {path.name}")


def weights(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.data for name, p in module.named_parameters()}


def test_the_base_comes_back_bit_for_bit_in_any_order(tmp_path: Path) -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    one, two = tiny_file(tmp_path / "a.safetensors"), tiny_file(tmp_path / "b.safetensors", 1)
    residency = Residency()
    base = residency.unet(opened.model)
    before = {name: value.clone() for name, value in weights(base).items()}
    with_one = model_with_adapter(opened.model, one, 1.0)
    both = model_with_adapter(with_one, two, 0.5)
    for recipe in (with_one, both, with_one, opened.model, both):
        changed = residency.unet(recipe)
        assert (changed is base) == (recipe == opened.model)
        after = weights(residency.unet(opened.model))
        assert all(torch.equal(after[name], value) for name, value in before.items())
    changed = dict(residency.unet(both).named_parameters())
    untouched = [n for n, p in base.named_parameters() if changed[n] is p]
    assert "conv_in.weight" in untouched and len(untouched) > len(before) // 2


def test_strengths(tmp_path: Path) -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    file = tiny_file(tmp_path / "a.safetensors")
    assert model_with_adapter(opened.model, file, 0.0) == opened.model
    residency = Residency()
    half = AdapterPatch(file, 0.5)
    twice = weights(residency.unet(replace(opened.model, patches=(half, half))))
    twice = {name: value.clone() for name, value in twice.items()}
    once = weights(residency.unet(replace(opened.model, patches=(AdapterPatch(file, 1.0),))))
    for name, value in once.items():
        assert torch.allclose(twice[name], value, atol=1e-6), name


def test_two_strengths_cost_no_more_memory_than_one(tmp_path: Path) -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    file = tiny_file(tmp_path / "a.safetensors")
    residency = Residency()
    residency.unet(model_with_adapter(opened.model, file, 1.0))
    one = residency.held_bytes()
    residency.unet(model_with_adapter(opened.model, file, 0.3))
    assert residency.held_bytes() == one


def test_text_encoders_are_changed_by_their_own_strength(tmp_path: Path) -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    file = tiny_file(tmp_path / "a.safetensors")
    model, clip = with_adapter(opened.model, opened.clip, file, (0.0, 1.0))
    assert model == opened.model and len(clip.patches) == 1
    residency = Residency()
    plain = weights(residency.text_encoders(opened.clip).towers[Tower.L])
    changed = weights(residency.text_encoders(clip).towers[Tower.L])
    differing = [n for n in plain if not torch.equal(plain[n], changed[n])]
    assert len(differing) == 12 and all("layers" in n for n in differing)


def test_a_file_for_the_unet_alone_is_no_stranger_at_strength_0(tmp_path: Path) -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    stem = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
    path = tmp_path / "unet.safetensors"
    shapes = {"lora_up": (192, 2), "lora_down": (2, 192)}
    save_file({f"{stem}.{role}.weight": torch.zeros(s) for role, s in shapes.items()}, path)
    model, clip = with_adapter(opened.model, opened.clip, WeightsFile(str(path), "f"), (0.0, 1.0))
    assert model == opened.model
    plain = weights(Residency().text_encoders(opened.clip).towers[Tower.L])
    same = weights(Residency().text_encoders(clip).towers[Tower.L])
    assert all(torch.equal(plain[name], same[name]) for name in plain)


def test_what_fits_nothing_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tiny_file(tmp_path / "a.safetensors")
    from safetensors.torch import load_file

    tensors = load_file(file.path)
    tensors["lora_unet_nowhere.lora_up.weight"] = torch.zeros(1, 1)
    tensors["odd.name"] = torch.zeros(1)
    save_file(tensors, file.path)
    opened = open_checkpoint(EMBEDDED, "print")
    module = Residency().unet(opened.model)
    with caplog.at_level(logging.WARNING):
        apply_adapter(Path(file.path), 1.0, module, Target.UNET)
    assert "2 entries" in caplog.text and caplog.text.endswith("lora_unet_nowhere, odd.name\n")
    assert shortened([*"gfedcba"]) == "a, b, c, d, e …"


def test_wrong_files(tmp_path: Path) -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    with pytest.raises(CheckpointError, match="no LoRA"):
        check_adapter(EMBEDDED)
    path = tmp_path / "x.safetensors"
    save_file({"lora_unet_nowhere.lora_up.weight": torch.zeros(1, 1)}, path)
    with pytest.raises(CheckpointError, match="another family"):
        model_with_adapter(opened.model, WeightsFile(str(path), "f"), 1.0)
    with pytest.raises(CheckpointError, match="another family"):
        with_adapter(opened.model, opened.clip, WeightsFile(str(path), "f"), (1.0, 1.0))
    stem = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
    save_file({f"{stem}.lora_up.weight": torch.zeros(192, 1)}, path)
    module = Residency().unet(opened.model)
    with pytest.raises(CheckpointError, match=f"'{stem}' has no down"):
        apply_adapter(path, 1.0, module, Target.UNET)


EMPTY = {"a.lora_up.weight": torch.zeros(4, 2), "a.lora_down.weight": torch.zeros(2, 4)}


@pytest.mark.parametrize(
    ("names", "lacks"),
    [
        ({"lora_up.weight"}, "down"),
        ({"lora_down.weight", "alpha"}, "up"),
        ({"hada_w1_a", "hada_w1_b", "hada_w2_b"}, "w2_a"),
        ({"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1"}, "t2"),
        ({"lokr_w1"}, "k2_a and no k2_b"),
        ({"lokr_w1_a", "lokr_w2"}, "k1_b"),
    ],
)  # fmt: skip
def test_half_an_entry_is_found_from_the_header(
    names: set[str], lacks: str, tmp_path: Path
) -> None:
    file = tmp_path / "half.safetensors"
    save_file(EMPTY | {f"lora_unet_x.{name}": torch.zeros(2, 2) for name in names}, file)
    with pytest.raises(CheckpointError, match=f"'lora_unet_x' has no {lacks}$"):
        check_adapter(file)


def test_what_is_no_number_is_told_with_its_file(tmp_path: Path) -> None:
    down = torch.full((2, 4), torch.nan)
    file = tmp_path / "broken.safetensors"
    stem = "lora_unet_time_embedding_linear_1"
    network = unet_of(UNetConfig()).time_embedding
    module = torch.nn.ModuleDict({"time_embedding": network})
    into = network.linear_1.in_features
    out = network.linear_1.out_features
    tensors = {f"{stem}.lora_up.weight": torch.ones(out, 2),
               f"{stem}.lora_down.weight": down.repeat(1, into // 4)}  # fmt: skip
    save_file(tensors, file)
    with pytest.raises(CheckpointError, match=r"broken\.safetensors: .*lora_down.* no numbers"):
        apply_adapter(file, 1.0, module.to_empty(device="cpu"), Target.UNET)
