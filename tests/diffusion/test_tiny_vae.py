"""TAESD against diffusers, in both layouts of its files, as autoencoder and for previews."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.recipe import ModelRecipe, Prediction, WeightsFile
from nodeflow.diffusion.sampling.preview import preview, tiny_decoder
from nodeflow.diffusion.vae.tiny_files import read_tiny
from nodeflow.diffusion.vae.tiny_load import load_tiny
from nodeflow.node.context import RunContext
from nodeflow.node.folders import Folders, ModelRoot
from nodeflow.values.structured import decode, encode
from tests.diffusion.closeness import relative_l2
from tests.nodes.test_behaviour import NODES, call

SCALE = 0.18215


@pytest.fixture(scope="module")
def theirs() -> Any:
    torch.manual_seed(1)
    return diffusers.AutoencoderTiny().eval()


@pytest.fixture
def models(theirs: Any, tmp_path: Path) -> Path:
    """A models folder with the authors' two files, and diffusers' one as a VAE."""
    weights = {name: tensor.contiguous() for name, tensor in theirs.state_dict().items()}
    (tmp_path / "vae").mkdir()
    (tmp_path / "vae_approx").mkdir()
    save_file(weights, tmp_path / "vae" / "tiny.safetensors")
    halves: dict[str, dict[str, Tensor]] = {"encoder": {}, "decoder": {}}
    for name, tensor in weights.items():
        half, _, rest = name.partition(".layers.")
        number, _, leaf = rest.partition(".")
        halves[half][f"{int(number) + (half == 'decoder')}.{leaf}"] = tensor
    for half, tensors in halves.items():
        save_file(tensors, tmp_path / "vae_approx" / f"taesd_{half}.safetensors")
    return tmp_path


def context(models: Path) -> RunContext:
    return RunContext(folders=Folders(models=(ModelRoot.at(models),)))


def test_against_diffusers(theirs: Any, models: Path) -> None:
    pixels = torch.rand(2, 3, 64, 40) * 2 - 1
    scaled = torch.randn(2, 4, 8, 5)
    apart = [models / "vae_approx" / f"taesd_{half}.safetensors" for half in ("decoder", "encoder")]
    for files in ([models / "vae" / "tiny.safetensors"], apart):
        ours = load_tiny(files, SCALE, "cpu")
        with torch.no_grad():
            assert relative_l2(ours.encode(pixels) * SCALE, theirs.encode(pixels).latents) < 1e-5
            wanted = theirs.decode(scaled).sample
            assert relative_l2(ours.decode(scaled / SCALE), wanted) < 1e-5


def test_it_is_loaded_by_name_and_as_a_file(theirs: Any, models: Path) -> None:
    run = context(models)
    latent = Latent(torch.randn(1, 4, 6, 8))
    pictures = []
    for name in ("taesd", "tiny"):
        vae = call("VAELoader", name, run)
        assert decode(encode(vae)) == vae
        pictures.append(call("VAEDecode", latent, vae, run))
        again = call("VAEEncode", pictures[-1], vae, run)
        assert again.samples.shape == latent.samples.shape
    assert torch.equal(pictures[0], pictures[1])
    with torch.no_grad():
        wanted = (theirs.decode(latent.samples * SCALE).sample / 2 + 0.5).clamp(0, 1)
    assert torch.allclose(pictures[0].movedim(-1, 1), wanted, atol=1e-4)


def test_its_content_decides_the_result(models: Path) -> None:
    folders = Folders(models=(ModelRoot.at(models),))
    declaration = NODES["VAELoader"].declaration
    assert declaration.depends is not None and declaration.validate is not None
    before = list(declaration.depends({"vae_name": "taesd"}, folders))
    path = models / "vae_approx" / "taesd_decoder.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\x80\x3f")
    assert list(declaration.depends({"vae_name": "taesd"}, folders)) != before
    assert list(declaration.depends({"vae_name": "tiny"}, folders)) == []
    assert not list(declaration.validate({"vae_name": "taesd"}, folders))
    path.unlink()
    (problem,) = declaration.validate({"vae_name": "taesd"}, folders)
    assert "taesd_decoder" in problem.message and "vae_approx" in str(problem.expected)


def test_previews_are_its_pictures(theirs: Any, models: Path) -> None:
    recipe = ModelRecipe(WeightsFile("none", "none"), Prediction.EPS, SCALE, context_width=768)
    run = replace(context(models), previews="auto")
    decoder = tiny_decoder(recipe, run)
    assert decoder is not None
    denoised = torch.randn(2, 4, 8, 12)
    shown = Image.open(io.BytesIO(preview(denoised, recipe, decoder)))
    assert shown.size == (192, 128)
    with torch.no_grad():
        wanted = theirs.decode(denoised[:1] * SCALE).sample[0].movedim(0, -1)
    assert torch.allclose(decoder(denoised), wanted, atol=1e-4)
    large = Image.open(io.BytesIO(preview(torch.randn(1, 4, 64, 48), recipe, decoder)))
    assert max(large.size) == 256
    assert tiny_decoder(recipe, replace(run, previews="taesd")) is not None
    for other in ("none", "latent2rgb"):
        assert tiny_decoder(recipe, replace(run, previews=other)) is None


def test_taesd_that_is_wanted_and_not_there_is_said(caplog: pytest.LogCaptureFixture) -> None:
    recipe = ModelRecipe(WeightsFile("none", "none"), Prediction.EPS, SCALE, context_width=768)
    assert tiny_decoder(recipe, RunContext(previews="auto")) is None and not caplog.messages
    assert tiny_decoder(recipe, RunContext(previews="taesd")) is None
    assert "vae_approx" in caplog.text


def test_what_is_no_taesd_is_said(models: Path) -> None:
    half = models / "vae_approx" / "taesd_decoder.safetensors"
    with pytest.raises(CheckpointError, match="encoder is not among"):
        read_tiny([half])
    other = models / "other.safetensors"
    save_file({"a": torch.zeros(1)}, other)
    with pytest.raises(CheckpointError, match="no TAESD"):
        read_tiny([other])
