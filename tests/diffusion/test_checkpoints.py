"""Single files: names, sizes found from shapes, and refusals that say what was found."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from nodeflow.diffusion.checkpoint.detect_text import text_config
from nodeflow.diffusion.checkpoint.detect_unet import unet_config
from nodeflow.diffusion.checkpoint.detect_vae import vae_config
from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, TensorInfo, read_header
from nodeflow.diffusion.checkpoint.layout import find_layout
from nodeflow.diffusion.checkpoint.ldm_keys import unet_key_map, vae_key_map
from nodeflow.diffusion.checkpoint.load import load_text, load_unet, load_vae, spread
from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.recipe import Prediction, Tower
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vae.config import VAEConfig
from nodeflow.diffusion.vae.model import AutoencoderKL

EMBEDDED = Path(__file__).parents[2] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"


def sd1_header() -> Header:
    """The names and shapes of SD1.5's single file, without its bytes."""
    from nodeflow.diffusion.text.transformer import ClipTextTransformer

    shapes: dict[str, tuple[int, ...]] = {}
    with torch.device("meta"):
        unet = UNet2DConditionModel(UNetConfig()).state_dict()
        vae = AutoencoderKL(VAEConfig()).state_dict()
        text = ClipTextTransformer(TextConfig()).state_dict()
    for theirs, ours in unet_key_map(UNetConfig()).items():
        shapes["model.diffusion_model." + theirs] = tuple(unet[ours].shape)
    for theirs, ours in vae_key_map(VAEConfig()).items():
        shapes["first_stage_model." + theirs] = tuple(vae[ours].shape)
    for name, value in text.items():
        shapes["cond_stage_model.transformer." + name] = tuple(value.shape)
    return Header({n: TensorInfo("F16", s, 0, 0) for n, s in shapes.items()}, {})


def test_sd1_is_found_from_its_shapes() -> None:
    header = sd1_header()
    layout = find_layout(header)
    assert layout.unet and layout.vae and layout.text
    assert unet_config(header, layout.unet) == UNetConfig()
    assert vae_config(header, layout.vae) == VAEConfig()
    assert text_config(header, layout.text[Tower.L], Tower.L) == TextConfig()


def test_key_maps_have_the_published_names() -> None:
    unet, vae = unet_key_map(UNetConfig()), vae_key_map(VAEConfig())
    assert (len(unet), len(vae)) == (686, 248)
    for name in (
        "time_embed.0.weight", "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight",
        "input_blocks.3.0.op.weight", "input_blocks.4.0.skip_connection.weight",
        "middle_block.1.proj_in.weight", "middle_block.2.out_layers.3.bias",
        "output_blocks.2.1.conv.weight", "output_blocks.5.2.conv.weight", "out.2.weight",
    ):  # fmt: skip
        assert name in unet
    for name in (
        "encoder.down.0.downsample.conv.weight", "encoder.down.1.block.0.nin_shortcut.weight",
        "decoder.up.3.upsample.conv.weight", "decoder.mid.attn_1.proj_out.bias",
        "decoder.norm_out.weight", "post_quant_conv.bias",
    ):  # fmt: skip
        assert name in vae
    assert len(set(unet.values())) == 686


def test_the_embedded_model_opens_and_loads() -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    assert opened.model.prediction is Prediction.V
    header = read_header(EMBEDDED)
    read = {
        *(f"model.diffusion_model.{n}" for n in unet_key_map(load(load_unet).config)),
        *(f"first_stage_model.{n}" for n in vae_key_map(load(load_vae).config)),
    }
    rest = set(header.tensors) - read
    assert {n for n in rest if not n.startswith("cond_stage_model.")} == {"v_pred"}
    text = load(load_text)
    assert text.text_model.embeddings.token_embedding.weight.shape == (49408, 192)
    assert EMBEDDED.stat().st_size < 30_000_000


def load(loader):  # type: ignore[no-untyped-def]
    """A part of the embedded model."""
    return loader(EMBEDDED, torch.float32, "cpu")


def test_spreading_a_compact_token_table() -> None:
    table = torch.arange(6.0).reshape(3, 2)
    whole = spread(table, torch.tensor([-1, 7, 49407]))
    assert whole.shape == (49408, 2)
    assert whole[7].tolist() == [2, 3] and whole[49407].tolist() == [4, 5]
    assert whole[0].tolist() == whole[49406].tolist() == [0, 1]


def write(path: Path, head: object, body: bytes = b"") -> Path:
    """A file with a header of one's own."""
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
    return path


def tensor(dtype: str = "F32", shape: tuple[int, ...] = (2,), at: tuple[int, int] = (0, 8)):  # type: ignore[no-untyped-def]
    """One entry of a header."""
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(at)}


@pytest.mark.parametrize(
    ("head", "body", "message"),
    [
        ({"a": tensor()}, bytes(4), "truncated"),
        ({"a": tensor(shape=(3,))}, bytes(8), "does not fit its shape"),
        ({"a": tensor(), "b": tensor()}, bytes(8), "overlap"),
        ({"a": {"dtype": "F32"}}, b"", "wrongly"),
        ({"a": tensor(dtype="X9")}, bytes(8), "wrongly"),
        (b'{"a": 1, "a": 2}', b"", "twice"),
        (b"[1, 2]", b"", "no mapping"),
        (b"\xff\xfe{{{", b"", "no JSON"),
        ({"a": tensor()}, bytes(8), "no known family: it holds 1 tensors: a"),
    ],
)
def test_unsound_files_are_refused(tmp_path: Path, head: object, body: bytes, message: str) -> None:
    path = write(tmp_path / "x.safetensors", head, body)
    with pytest.raises(CheckpointError, match=message):
        open_checkpoint(path, "")


def test_a_huge_header_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes((2**60).to_bytes(8, "little") + b"{}")
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        read_header(path)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 2000), st.booleans())
def test_random_bytes_are_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, length: int, framed: bool
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "x.safetensors"
    path.write_bytes(length.to_bytes(8, "little") + data if framed else data)
    with pytest.raises(CheckpointError):
        open_checkpoint(path, "")


def test_missing_weights_are_named(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    tensors = load_file(EMBEDDED)
    del tensors["model.diffusion_model.out.2.bias"]
    metadata = dict(read_header(EMBEDDED).metadata)
    save_file(tensors, tmp_path / "x.safetensors", metadata)
    with pytest.raises(CheckpointError, match=r"1 weights are missing: .*out\.2\.bias"):
        load_unet(tmp_path / "x.safetensors", torch.float32, "cpu")
    tensors["model.diffusion_model.out.2.bias"] = torch.zeros(5, dtype=torch.float16)
    save_file(tensors, tmp_path / "y.safetensors", metadata)
    with pytest.raises(CheckpointError, match=r"shape \[5\], expected \[4\]"):
        load_unet(tmp_path / "y.safetensors", torch.float32, "cpu")


def test_loading_does_not_import_the_compiler() -> None:
    code = (
        "import sys, torch; from pathlib import Path;"
        "from nodeflow.diffusion.checkpoint.load import load_text, load_unet, load_vae;"
        f"[load(Path({str(EMBEDDED)!r}), torch.float32, 'cpu')"
        " for load in (load_text, load_unet, load_vae)];"
        "assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_header_that_begins_like_a_pickle_is_no_pickle(tmp_path: Path) -> None:
    text = json.dumps({"a": tensor()}).encode()
    head = text + b" " * (0x180 - len(text))
    path = write(tmp_path / "x.safetensors", head, bytes(8))
    assert path.read_bytes()[:1] == b"\x80"
    assert read_header(path).shape("a") == (2,)
    path.write_bytes(b"\x80\x02}q\x00" + bytes(range(40)))
    with pytest.raises(CheckpointError, match="pickled"):
        read_header(path)
