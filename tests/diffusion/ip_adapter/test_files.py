"""IP-Adapter files of the published names and shapes: complete, and for which models."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.made_for import check_model, widths_of
from nodeflow.diffusion.checkpoint.open import open_model
from nodeflow.diffusion.checkpoint.pickled import VARIABLE
from nodeflow.diffusion.ip_adapter.config import IPAdapterConfig, Projection
from nodeflow.diffusion.ip_adapter.files import read_ip_adapter
from nodeflow.diffusion.ip_adapter.load import load_ip_adapter
from nodeflow.diffusion.ip_adapter.network import IPAdapter
from nodeflow.diffusion.recipe import WeightsFile
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.unet.config import UNetConfig
from tests.diffusion.ip_adapter.published import FILES, attention, plain
from tests.diffusion.ip_adapter.test_parity import SMALL, nested, weights
from tests.diffusion.published import single_files
from tests.diffusion.test_families import sparse

SD1 = UNetConfig()
SDXL = UNetConfig(
    block_out_channels=(320, 640, 1280), transformer_depth=(0, 2, 10), mid_depth=10,
    heads=(5, 10, 20), context_width=2048, linear_projection=True, label_width=2816,
)  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_published_files_are_complete_and_fit_their_family(name: str, tmp_path: Path) -> None:
    found = read_ip_adapter(sparse(tmp_path / "a.safetensors", FILES[name])).config
    with torch.device("meta"):
        network = IPAdapter(found)
    assert {n: tuple(p.shape) for n, p in network.named_parameters()} == FILES[name]
    kind = {"plus": Projection.RESAMPLER, "full": Projection.FULL}
    assert found.projection is next((kind[k] for k in kind if k in name), Projection.PLAIN)
    own, other = (SDXL, SD1) if "sdxl" in name else (SD1, SDXL)
    made_for = found.context, found.layers
    check_model(made_for, widths_of(own))
    with pytest.raises(CheckpointError, match="another family"):
        check_model(made_for, widths_of(other))


def test_the_first_file_has_the_defaults_and_loads(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shapes = {**FILES["ip-adapter_sd15"], "image_proj.surplus": (2,)}
    path = sparse(tmp_path / "a.safetensors", shapes)
    assert load_ip_adapter(path, torch.float32, "cpu").config == IPAdapterConfig()
    assert "image_proj.surplus" in caplog.text and "1 tensors" in caplog.text


def test_a_pruned_model_of_the_same_text_is_told_apart(tmp_path: Path) -> None:
    path = sparse(tmp_path / "m.safetensors", single_files()["SSD-1B"])
    assert open_model(path, "").context_width == 2048
    with pytest.raises(CheckpointError, match="nothing was pruned"):
        check_model((2048, (640,) * 70), (2048, (640,) * 60))


def test_pickled_files_only_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = weights(SMALL, plain(24, 48))
    path = tmp_path / "a.bin"
    torch.save(nested(tensors), path)
    with pytest.raises(CheckpointError, match="--allow-pickled"):
        load_ip_adapter(path, torch.float32, "cpu")
    monkeypatch.setenv(VARIABLE, "allow")
    loaded = load_ip_adapter(path, torch.float32, "cpu").state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in tensors.items())


def test_what_is_in_memory_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "allow")
    path = tmp_path / "a.bin"
    torch.save(nested(weights(SMALL, plain(24, 48))), path)
    residency, file = Residency("cpu"), WeightsFile(str(path), "print")
    held = residency.ip_adapter(file)
    path.unlink()
    assert residency.ip_adapter(file) is held


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    layers = attention((32, 32), 48)

    def problem(**tensors: tuple[int, ...]) -> str:
        given = {**layers, **{n.replace("__", "."): s for n, s in tensors.items()}}
        save_file({n: torch.zeros(s) for n, s in given.items()}, path)
        with pytest.raises(CheckpointError) as raised:
            read_ip_adapter(path)
        return str(raised.value)

    assert "FaceID" in problem(image_proj__proj__0__weight=(8, 512), image_proj__norm__weight=(48,))
    assert "without an 'image_proj'" in problem()
    assert "expected [1, 3, 5]" in problem(ip_adapter__7__to_k_ip__weight=(32, 48))
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match="no IP-Adapter"):
        read_ip_adapter(path)
    tensors = weights(SMALL, plain(24, 48))
    del tensors["ip_adapter.3.to_v_ip.weight"]
    save_file(tensors, path)
    with pytest.raises(CheckpointError, match=r"missing: ip_adapter\.3\.to_v_ip"):
        load_ip_adapter(path, torch.float32, "cpu")
