"""An adapter taken out of the difference of two models makes the one of the other."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from nodeflow.diffusion.adapters.extract import Extraction, adapter_of, low_rank
from nodeflow.diffusion.residency import residency_of
from nodeflow.node.context import RunContext
from nodeflow.node.folders import Folders, ModelRoot
from tests.nodes.test_behaviour import call


@pytest.mark.parametrize("shape", [(12, 7), (6, 5, 3, 3)])
def test_the_closest_of_its_rank(shape: tuple[int, ...]) -> None:
    weight = torch.randn(shape, dtype=torch.float64)
    singular = torch.linalg.svdvals(weight.flatten(1))
    for rank in (2, 50):
        parts = low_rank(weight, rank)
        up, down = parts["lora_up.weight"].flatten(1), parts["lora_down.weight"].flatten(1)
        error = torch.linalg.matrix_norm(up @ down - weight.flatten(1))
        assert torch.isclose(error, singular[rank:].norm(), atol=1e-9)
        assert float(parts["alpha"]) == up.shape[1] == down.shape[0]


def test_whole_differences_and_what_is_left_out() -> None:
    module = nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2), nn.Linear(2, 2, bias=False))
    nn.init.zeros_(module[2].weight)
    found = adapter_of(module, "lora_te_", 4, Extraction.FULL, bias=True)
    assert set(found) == {"lora_te_0.diff", "lora_te_0.diff_b", "lora_te_1.diff"}
    bare = adapter_of(module, "lora_te_", 4, Extraction.FULL, bias=False)
    assert set(bare) == {"lora_te_0.diff"}


@pytest.mark.parametrize("kind", ["standard", "full_diff"])
def test_extracted_and_loaded_again(tmp_path: Path, kind: str) -> None:
    """Two models that differ by a known adapter; the extracted file brings the second back."""
    (tmp_path / "loras").mkdir()
    folders = Folders(output=tmp_path, models=(ModelRoot.at(tmp_path),))
    context = RunContext(folders=folders)
    model, _, _ = call("CheckpointLoaderSimple", "tiny-emoji", context)
    made = torch.Generator().manual_seed(3)
    residency = context.resources.get(*residency_of("cpu"))
    own = {n: tuple(p.shape) for n, p in residency.unet(model).named_parameters() if p.dim() == 2}
    name, (out, into) = next(iter(sorted(own.items())))
    stem = "lora_unet_" + name.rpartition(".")[0].replace(".", "_")
    save_file(
        {
            f"{stem}.lora_up.weight": torch.randn(out, 2, generator=made),
            f"{stem}.lora_down.weight": torch.randn(2, into, generator=made),
        },
        tmp_path / "loras" / "known.safetensors",
    )
    changed = call("LoraLoaderModelOnly", model, "known", context, 0.5)
    difference = call("ModelMergeSubtract", changed, model, 1.0)
    saved = call("LoraSave", context, "loras/taken", 8, kind, True, difference)
    tensors = load_file(tmp_path / saved.files[0].path)
    assert {n.partition(".")[0] for n in tensors} == {stem}
    wanted = residency.unet(changed).get_parameter(name).clone()
    back = call("LoraLoaderModelOnly", model, "taken_00001_", context, 1.0)
    found = residency.unet(back).get_parameter(name)
    assert torch.allclose(found, wanted, atol=float(wanted.abs().max()) * 1e-3)


def test_nothing_to_save_is_said() -> None:
    with pytest.raises(ValueError, match="nothing to save"):
        call("LoraSave", RunContext())
