"""Which entries of a file are for which of several text encoders."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nodeflow.diffusion.adapters.extract import Extraction, extracted
from nodeflow.diffusion.adapters.patch import AdapterPatch
from nodeflow.diffusion.recipe import ClipRecipe, FamilyName, TextSource, Tower, WeightsFile
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.node.context import RunContext

LAYER = "text_model.encoder.layers.0.self_attn.q_proj"


def adapter(path: Path) -> WeightsFile:
    """A file of kohya's trainer for SDXL: 2 is added to the first encoder's weights, 3 to the
    second's."""
    tensors = {}
    for prefix, value in (("lora_te1_", 2.0), ("lora_te2_", 3.0)):
        stem = prefix + LAYER.replace(".", "_")
        tensors[f"{stem}.lora_up.weight"] = torch.full((16, 1), value)
        tensors[f"{stem}.lora_down.weight"] = torch.ones(1, 16)
    save_file(tensors, path)
    return WeightsFile(str(path), "print")


@pytest.mark.parametrize(("tower", "added"), [(Tower.L, 2.0), (Tower.G, 3.0)])
def test_each_of_sdxls_text_encoders_has_its_prefix(
    tower: Tower, added: float, tmp_path: Path
) -> None:
    encoder = ClipTextTransformer(TextConfig(width=16, layers=1, heads=2, inner=32))
    before = encoder.get_parameter(f"{LAYER}.weight").data.clone()
    AdapterPatch(adapter(tmp_path / "a.safetensors"), 1.0).apply(encoder, tower, torch.empty_like)
    moved = encoder.get_parameter(f"{LAYER}.weight").data - before
    assert torch.allclose(moved, torch.full((16, 16), added), atol=1e-5)


@pytest.mark.parametrize(
    ("towers", "prefixes"),
    [((Tower.L,), {"lora_te_"}), ((Tower.L, Tower.G), {"lora_te1_", "lora_te2_"})],
    ids=["SD1", "SDXL"],
)
def test_what_is_extracted_has_the_names_that_are_loaded(
    towers: tuple[Tower, ...], prefixes: set[str], tmp_path: Path
) -> None:
    config = TextConfig(width=64, layers=1, heads=1, inner=32)
    weights = ClipTextTransformer(config).state_dict()
    sources = []
    for tower in towers:
        path = tmp_path / f"{tower}.safetensors"
        save_file({f"{tower}.transformer.{n}": t for n, t in weights.items()}, path)
        sources.append(TextSource(tower, WeightsFile(str(path), tower)))
    clip = ClipRecipe(FamilyName.SDXL, tuple(sources))
    found = extracted(None, clip, 1, Extraction.FULL, False, RunContext())
    assert {name.partition("text_model")[0] for name in found} == prefixes
