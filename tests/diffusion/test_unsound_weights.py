"""Files that are damaged, wrong or pickled: a clear error, never a crash."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header
from nodeflow.diffusion.checkpoint.load import load_unet
from nodeflow.diffusion.checkpoint.open import open_checkpoint, open_model, open_vae
from nodeflow.diffusion.checkpoint.pickled import VARIABLE
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.model import UNet2DConditionModel

EMBEDDED = Path(__file__).parents[2] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
CONFIG = UNetConfig(
    block_out_channels=(32, 32), layers_per_block=1, transformer_depth=(1, 0), mid_depth=0,
    mid_resnets=1, heads=(8, 8), context_width=24,
)  # fmt: skip
LOADER = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def unet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny UNet under diffusers' names."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "x.safetensors"
    save_file(UNet2DConditionModel(CONFIG).state_dict(), path)
    return path


def loaded(path: Path) -> UNet2DConditionModel:
    """What a run does: recognise, then read."""
    open_model(path, "")
    return load_unet(path, torch.float32, "cpu")


def test_the_sound_file_loads(unet_file: Path) -> None:
    found = loaded(unet_file)
    weights = load_file(unet_file)
    assert all(torch.equal(p, weights[n]) for n, p in found.named_parameters())


@LOADER
@given(part=st.floats(0, 0.999))
def test_truncated(unet_file: Path, part: float, tmp_path: Path) -> None:
    data = unet_file.read_bytes()
    path = tmp_path / "y.safetensors"
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(CheckpointError):
        loaded(path)


@LOADER
@given(data=st.data())
def test_one_weight_of_another_shape_or_type(
    unet_file: Path, data: st.DataObject, tmp_path: Path
) -> None:
    tensors = load_file(unet_file)
    name = data.draw(st.sampled_from(sorted(tensors)))
    match data.draw(st.sampled_from(["shape", "type", "nan", "gone", "scalar"])):
        case "shape":
            tensors[name] = torch.zeros(3, *tensors[name].shape)
        case "type":
            tensors[name] = tensors[name].to(torch.int32)
        case "nan":
            tensors[name].view(-1)[-1] = float("nan")
        case "gone":
            del tensors[name]
        case _:
            tensors[name] = torch.tensor(1.0)
    path = tmp_path / "y.safetensors"
    save_file(tensors, path)
    with pytest.raises(CheckpointError):
        loaded(path)


@LOADER
@given(data=st.data())
def test_a_header_with_something_else_in_it(
    unet_file: Path, data: st.DataObject, tmp_path: Path
) -> None:
    raw = unet_file.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    head = json.loads(raw[8 : 8 + length])
    name = data.draw(st.sampled_from(sorted(set(head) - {"__metadata__"})))
    key = data.draw(st.sampled_from(["dtype", "shape", "data_offsets"]))
    head[name][key] = data.draw(
        st.none() | st.integers(-9, 1 << 70) | st.text(max_size=3)
        | st.lists(st.integers(-9, 1 << 70), max_size=3)
    )  # fmt: skip
    text = json.dumps(head).encode()
    path = tmp_path / "y.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + length :])
    with pytest.raises(CheckpointError):
        loaded(path)


def test_what_is_not_used_is_named(unet_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = unet_file.with_name("more.safetensors")
    save_file({**load_file(unet_file), "surplus.weight": torch.zeros(2)}, path)
    loaded(path)
    assert "1 tensors are not used: surplus.weight" in caplog.text


def test_what_lies_beside_the_networks_of_a_checkpoint_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with safe_open(EMBEDDED, "pt") as file:
        metadata = file.metadata()
    path = tmp_path / "x.safetensors"
    known = {"model_ema.decay": torch.zeros(1), "betas": torch.zeros(9)}
    odd = {"surplus.weight": torch.zeros(2), "cond_stage_model.odd": torch.zeros(2)}
    save_file({**load_file(EMBEDDED), **known, **odd}, path, metadata)
    load_unet(path, torch.float32, "cpu")
    assert "2 tensors are not used: cond_stage_model.odd, surplus.weight" in caplog.text


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn])
def test_narrow_weights(unet_file: Path, dtype: torch.dtype, tmp_path: Path) -> None:
    narrow = {name: value.to(dtype) for name, value in load_file(unet_file).items()}
    save_file(narrow, tmp_path / "y.safetensors")
    found = loaded(tmp_path / "y.safetensors")
    assert all(torch.equal(p, narrow[n].float()) for n, p in found.named_parameters())


class Harmful:
    """Would make a file if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def test_pickled_files_only_on_request(
    unet_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.ckpt"
    torch.save({"state_dict": load_file(unet_file), "step": 3}, path)
    with pytest.raises(CheckpointError, match=r"pickled checkpoint.*--allow-pickled"):
        loaded(path)
    monkeypatch.setenv(VARIABLE, "allow")
    found = loaded(path)
    weights = load_file(unet_file)
    assert all(torch.equal(p, weights[n]) for n, p in found.named_parameters())
    torch.save({"state_dict": {"a": torch.zeros(1)}, "x": Harmful(tmp_path / "harm")}, path)
    with pytest.raises(CheckpointError, match="more than weights"):
        read_header(path)
    assert not (tmp_path / "harm").exists()
    inner: list[object] = [torch.zeros(1)]
    inner.append(inner)
    torch.save({"a": inner}, path)
    with pytest.raises(CheckpointError, match="nested more than"):
        read_header(path)
    path.write_bytes(b"PK\x03\x04" + bytes(range(200)))
    with pytest.raises(CheckpointError, match="damaged"):
        read_header(path)


def test_the_wrong_kind_of_file_says_what_it_holds(unet_file: Path) -> None:
    with pytest.raises(CheckpointError, match="it has no VAE: it holds"):
        open_vae(unet_file, "")
    with pytest.raises(CheckpointError, match="it has no VAE and no text encoder"):
        open_checkpoint(unet_file, "")
