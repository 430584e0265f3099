"""Hypernetworks against the published formula in float64, in files of every form, at work."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header
from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.checkpoint.pickled import VARIABLE
from nodeflow.diffusion.hypernetworks.files import read_hypernetwork
from nodeflow.diffusion.hypernetworks.load import load_hypernetwork
from nodeflow.diffusion.hypernetworks.network import Hypernetwork, changed_contexts
from nodeflow.diffusion.hypernetworks.patch import model_with_hypernetwork
from nodeflow.diffusion.recipe import ModelRecipe, WeightsFile
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.unet.attention import Attention, TransformerBlock, attention
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.interventions import NONE, Interventions, Place
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from tests.diffusion.closeness import relative_l2
from tests.diffusion.patches.embedded import parts, sampled

PUBLISHED = (320, 640, 768, 1280)
EMBEDDED = Path(__file__).parents[3] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
MODULES = {"relu": nn.ReLU, "swish": nn.Hardswish, "mish": nn.Mish, "leakyrelu": nn.LeakyReLU}


@pytest.fixture(autouse=True)
def _pickles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "allow")


def reference(width: int, settings: Mapping[str, Any]) -> nn.Sequential:
    """One network as A1111's settings describe it, in float64."""
    shares = settings["layer_structure"]
    activation = MODULES.get(settings["activation_func"])
    parts: list[nn.Module] = []
    for index in range(len(shares) - 1):
        into, out = int(width * shares[index]), int(width * shares[index + 1])
        parts.append(nn.Linear(into, out))
        last = index == len(shares) - 2
        if activation is not None and (not last or settings["activate_output"]):
            parts.append(activation())
        if settings["is_layer_norm"]:
            norm = nn.LayerNorm(out)
            nn.init.normal_(norm.weight, 1, 0.2)
            nn.init.normal_(norm.bias, 0, 0.2)
            parts.append(norm)
        if settings.get("use_dropout") and not last:
            parts.append(nn.Dropout(0.3))
    return nn.Sequential(*parts).double().eval()


def settings(
    structure: tuple[float, ...] = (1, 2, 1),
    activation: str | None = "linear",
    norm: bool = False,
    output: bool = False,
    dropout: bool = False,
) -> dict[str, Any]:
    return {
        "layer_structure": list(structure), "activation_func": activation, "is_layer_norm": norm,
        "activate_output": output, "use_dropout": dropout, "step": 20_000, "name": "style",
        "sd_checkpoint": None, "weight_initialization": "Normal", "last_layer_dropout": False,
    }  # fmt: skip


Networks = dict[int, tuple[nn.Sequential, nn.Sequential]]


def made(widths: tuple[int, ...], told: Mapping[str, Any], seed: int = 0) -> Networks:
    torch.manual_seed(seed)
    return {w: (reference(w, told), reference(w, told)) for w in widths}


def pickled(path: Path, networks: Networks, told: Mapping[str, Any]) -> Path:
    """A file of A1111's form: whole numbers to pairs of state dicts, settings beside them."""

    def weights(network: nn.Sequential) -> dict[str, Tensor]:
        return {f"linear.{n}": t.float() for n, t in network.state_dict().items()}

    torch.save({**told, **{w: (weights(k), weights(v)) for w, (k, v) in networks.items()}}, path)
    return path


@pytest.mark.parametrize(
    "told",
    [
        settings(),
        settings((1, 2, 2, 1), "relu", norm=True, dropout=True),
        settings((1, 1.5, 1), "swish", output=True),
        settings((1, 2, 1), "mish", norm=True, output=True),
        settings(activation=None, output=True),
    ],
    ids=["linear", "deep", "activated output", "all", "none"],
)
def test_the_formula_at_published_widths(told: dict[str, Any], tmp_path: Path) -> None:
    networks = made(PUBLISHED, told)
    found = load_hypernetwork(pickled(tmp_path / "h.pt", networks, told), torch.float32, "cpu")
    assert found.config.widths == PUBLISHED
    changed = changed_contexts([(found, 0.7)])
    assert changed is not None
    with torch.no_grad():
        for width, pair in networks.items():
            context = torch.randn(2, 5, width)
            for one, network in zip(changed(context), pair, strict=True):
                wide = context.double()
                assert relative_l2(one, wide + 0.7 * network(wide)) < 1e-5
        other = torch.randn(1, 3, 1024)
        assert all(part is other for part in changed(other))


@pytest.mark.parametrize("old", [False, True])
def test_the_same_in_safetensors_and_under_the_first_names(old: bool, tmp_path: Path) -> None:
    told = settings((1, 2, 1), "relu")
    networks = made((768,), told)
    tensors = {
        f"768.{part}.{f'linear{1 + int(n[0]) // 2}{n[1:]}' if old else f'linear.{n}'}": t.float()
        for part, network in enumerate(networks[768])
        for n, t in network.state_dict().items()
    }
    path = tmp_path / "h.safetensors"
    save_file(tensors, path, {"activation_func": "relu", "activate_output": "false"})
    one = load_hypernetwork(path, torch.float32, "cpu")
    two = load_hypernetwork(pickled(tmp_path / "h.pt", networks, told), torch.float32, "cpu")
    assert one.config == two.config
    weights = two.state_dict()
    assert all(torch.equal(t, weights[n]) for n, t in one.state_dict().items())


def attended(module: Attention, x: Tensor, context: Tensor, pair: tuple[nn.Module, ...]) -> Tensor:
    """Attention whose keys and values are made of changed contexts, by the formula."""
    of_k, of_v = (context + 0.7 * network(context) for network in pair)
    out: Tensor = module.to_out[0](
        attention(module.to_q(x), module.to_k(of_k), module.to_v(of_v), module.heads)
    )
    return out


@pytest.mark.parametrize("width", [320, 640, 1280])
def test_both_attentions_of_a_block_see_it(width: int, tmp_path: Path) -> None:
    told = settings((1, 2, 1), "relu", norm=True)
    networks = made((width, 768), told)
    net = load_hypernetwork(pickled(tmp_path / "h.pt", networks, told), torch.float32, "cpu")
    block = TransformerBlock(width, 768, 8, cross_only=False)
    wide = TransformerBlock(width, 768, 8, cross_only=False).double()
    wide.load_state_dict(block.state_dict())
    x, context = torch.randn(1, 12, width), torch.randn(1, 7, 768)
    acting = Interventions(contexts=changed_contexts([(net, 0.7)]))
    with torch.no_grad():
        found = block(x, context, Place("down", 0, 0), acting)
        h = x.double()
        seen = wide.norm1(h)
        h = h + attended(wide.attn1, seen, seen, networks[width])
        h = h + attended(wide.attn2, wide.norm2(h), context.double(), networks[768])
        wanted = h + wide.ff(wide.norm3(h))
        assert relative_l2(found, wanted) < 1e-5
        assert relative_l2(block(x, context, Place("down", 0, 0), NONE), wanted) > 1e-3


def test_a_linear_one_is_a_change_of_the_projections() -> None:
    """`to_k(c + s W c)` is `(to_k (1 + s W)) c`: the whole network, in float64."""
    config = UNetConfig(
        block_out_channels=(32, 64), layers_per_block=1, transformer_depth=(1, 2), mid_depth=2,
        heads=(4, 4), context_width=48,
    )  # fmt: skip
    torch.manual_seed(0)
    unet = UNet2DConditionModel(config).double().eval()
    folded = UNet2DConditionModel(config).double().eval()
    folded.load_state_dict(unet.state_dict())
    told = settings((1, 2, 1), None)
    networks = made((32, 48, 64), told)
    hypernetwork = Hypernetwork(_config(networks)).double().eval()
    for width, pair in networks.items():
        for part, network in enumerate(pair):
            for index, linear in enumerate(network):
                linear.bias.data.zero_()
                hypernetwork.networks[str(width)][part].linears[index].load_state_dict(  # type: ignore[index]
                    linear.state_dict()
                )
    for module in folded.modules():
        if isinstance(module, Attention):
            for part, layer in enumerate((module.to_k, module.to_v)):
                first, second = networks[layer.in_features][part]
                product = second.weight @ first.weight
                layer.weight.data = layer.weight + 0.7 * layer.weight @ product
    x, t, text = torch.randn(1, 4, 8, 8), torch.tensor([500.0]), torch.randn(1, 7, 48)
    acting = Interventions(contexts=changed_contexts([(hypernetwork, 0.7)]))
    with torch.no_grad():
        found = unet(x.double(), t, text.double(), None, acting)
        assert relative_l2(found, folded(x.double(), t, text.double())) < 1e-12
        assert relative_l2(found, unet(x.double(), t, text.double())) > 1e-3


def _config(networks: Networks) -> Any:
    from nodeflow.diffusion.hypernetworks.config import HypernetworkConfig

    return HypernetworkConfig(tuple((width, 2 * width, width) for width in networks))


def recipe_with(model: ModelRecipe, path: Path, strength: float) -> ModelRecipe:
    return model_with_hypernetwork(model, WeightsFile(str(path), f"print of {path}"), strength)


def test_on_the_embedded_model(tmp_path: Path) -> None:
    told = settings((1, 2, 1), "relu")
    _, model, _, _ = parts()
    unet = Residency("cpu").unet(open_checkpoint(EMBEDDED, "print").model)
    widths = (unet.config.context_width, unet.config.block_out_channels[-1])
    one = pickled(tmp_path / "a.pt", made(widths, told), told)
    two = pickled(tmp_path / "b.pt", made(widths, told, seed=1), told)
    plain = sampled()
    assert recipe_with(model, one, 0.0) == model
    with_one = sampled(lambda m: recipe_with(m, one, 1.0))
    assert not torch.allclose(with_one, plain, atol=1e-3)
    assert torch.equal(sampled(), plain)
    both = sampled(lambda m: recipe_with(recipe_with(m, one, 1.0), two, 0.5))
    assert not torch.allclose(both, with_one, atol=1e-3)
    assert torch.equal(sampled(lambda m: recipe_with(m, one, 1.0)), with_one)
    assert torch.equal(sampled(), plain)


def test_another_family_is_found_before_anything_is_computed(tmp_path: Path) -> None:
    told = settings()
    path = pickled(tmp_path / "h.pt", made((768,), told), told)
    _, model, _, _ = parts()
    with pytest.raises(CheckpointError, match=r"contexts 768 wide.*another family"):
        recipe_with(model, path, 1.0)


def test_what_is_wrong_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told = settings((1, 2, 1), "relu")
    networks = made((64,), told)
    path = tmp_path / "h.pt"

    def problem(changes: Mapping[Any, Any]) -> str:
        content = torch.load(pickled(path, networks, told), weights_only=True)
        torch.save({**content, **changes}, path)
        with pytest.raises(CheckpointError) as raised:
            read_hypernetwork(read_header(path))
        return str(raised.value)

    assert "'wavy' is not one of linear, relu" in problem({"activation_func": "wavy"})
    linear = {"linear.0.weight": torch.zeros(32, 64), "linear.0.bias": torch.zeros(32)}
    assert "do not lead from 64" in problem({64: (linear, linear)})
    assert "lacks the network of keys or of values" in problem({64: (linear,)})
    torch.save({"a": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match="no hypernetwork"):
        read_hypernetwork(read_header(path))
    content = torch.load(pickled(path, networks, told), weights_only=True)
    torch.save({**content, "surplus": {"of": torch.zeros(2)}}, path)
    load_hypernetwork(path, torch.float32, "cpu")
    assert "surplus.of" in caplog.text
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(CheckpointError, match="--allow-pickled"):
        read_hypernetwork(read_header(path))
