"""Compiled models: what is said where none can be, which calls are compiled, how close."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from nodeflow.diffusion.compile import (
    CannotCompile,
    CompiledNetwork,
    check_backend,
    compiled,
    residuals_only,
)
from nodeflow.diffusion.patches.compiled import Backend, Compiled, compiled_of
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.sampling.recording import canonical
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.interventions import NONE, Interventions, TextKeys
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.values.structured import decode, encode
from tests.diffusion.closeness import relative_l2
from tests.diffusion.patches.embedded import parts
from tests.nodes.test_behaviour import call


class Telling(nn.Module):
    """Answers with a number."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number, self.given = number, NONE

    def forward(self, x: Tensor, t: Tensor, text: Tensor, y: object, i: Interventions) -> Tensor:
        self.given = i
        return torch.full_like(x, self.number)


def no_compiler(monkeypatch: pytest.MonkeyPatch, *instead: str) -> None:
    from torch._inductor import config, cpp_builder

    monkeypatch.setattr(config.cpp, "cxx", instead)
    cpp_builder.cpp_compiler_search.cache_clear()


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    context, model, _, _ = parts()
    with pytest.raises(CannotCompile, match="needs an NVIDIA GPU, this is cpu: choose 'inductor'"):
        call("TorchCompileModel", model, context, "cudagraphs")
    no_compiler(monkeypatch, "/nowhere/g++")
    with pytest.raises(CannotCompile, match=r"needs a C\+\+ compiler, and none was found"):
        call("TorchCompileModel", model, context)
    with pytest.raises(CannotCompile, match="compiler"):
        Residency().compiled(model, Backend.INDUCTOR)


def test_a_recipe_says_how_it_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch._inductor import cpp_builder

    monkeypatch.setattr(cpp_builder, "get_cpp_compiler", lambda: "c++")
    context, model, _, _ = parts()
    made = call("TorchCompileModel", model, context)
    assert made.patches[-1] == Compiled(Backend.INDUCTOR) and decode(encode(made)) == made
    assert compiled_of(made.patches) is Backend.INDUCTOR and compiled_of(model.patches) is None
    assert canonical(made) != canonical(model)
    residency = Residency()
    one = residency.compiled(model, Backend.INDUCTOR)
    assert one.plain is residency.unet(model)
    assert residency.compiled(model, Backend.INDUCTOR).compiled is one.compiled
    other = replace(model, source=replace(model.source, fingerprint="other"))
    residency.compiled(other, Backend.INDUCTOR)
    assert residency.compiled(model, Backend.INDUCTOR).compiled is not one.compiled


def test_calls_that_compute_something_of_their_own_are_not_compiled() -> None:
    network = CompiledNetwork(Telling(1.0), Telling(2.0))
    x, t, text = torch.zeros(1, 4, 4, 4), torch.zeros(1), torch.zeros(1, 7, 3)

    def answer(interventions: Interventions) -> float:
        return float(network(x, t, text, None, interventions).mean())

    steered = Interventions(
        mid_residual=x, down_residuals=(x,), features=(((0, False), x),), text=TextKeys()
    )
    assert residuals_only(steered) and answer(steered) == 2.0
    assert network.compiled.given == replace(steered, text=None)
    assert answer(NONE) == 2.0 and float(network(x, t, text).mean()) == 2.0
    own = Interventions(skip_filter=lambda place, h, skip: (h, skip))
    assert not residuals_only(own) and answer(own) == 1.0


def small() -> UNet2DConditionModel:
    """One level with one transformer."""
    torch.manual_seed(2)
    config = UNetConfig(
        block_out_channels=(32,), layers_per_block=1, transformer_depth=(1,), mid_depth=0,
        mid_resnets=1, heads=(2,), context_width=16, norm_groups=8,
    )  # fmt: skip
    return UNet2DConditionModel(config).eval().requires_grad_(False)


GIVEN = torch.randn(2, 4, 8, 8), torch.tensor([5.0, 900.0]), torch.randn(2, 7, 16)


@pytest.mark.heavy
def test_a_compiled_network_is_close() -> None:
    try:
        check_backend(Backend.INDUCTOR, "cpu")
    except CannotCompile as error:
        pytest.skip(str(error))
    network, plain = small(), small()
    both = CompiledNetwork(plain, compiled(network, Backend.INDUCTOR))
    residuals = Interventions(mid_residual=torch.ones(2, 32, 8, 8))
    with torch.no_grad():
        for given in (NONE, residuals):
            found, wanted = both(*GIVEN, None, given), plain(*GIVEN, None, given)
            assert relative_l2(found, wanted) < 1e-5
        assert relative_l2(plain(*GIVEN, None, residuals), plain(*GIVEN)) > 1e-3


@pytest.mark.heavy
def test_a_compiler_that_fails_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    no_compiler(monkeypatch, "true")
    torch._dynamo.reset()
    both = CompiledNetwork(small(), compiled(small(), Backend.INDUCTOR))
    one = tuple(part[:1].clone() for part in GIVEN)
    with torch.no_grad(), pytest.raises(CannotCompile, match="without compiling it runs"):
        both(*one)
