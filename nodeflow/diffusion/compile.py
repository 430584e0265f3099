"""Networks compiled by torch, and whether that can be here."""

import importlib.util
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from nodeflow.diffusion.packed import unpack
from nodeflow.diffusion.patches.compiled import Backend
from nodeflow.diffusion.unet.interventions import NONE, Interventions

ADDED = frozenset({"down_residuals", "mid_residual", "features", "text"})
"""Interventions of which a compiled network has the tensors, or does without."""


class CannotCompile(RuntimeError):
    """This machine lacks what a backend needs, or torch failed to compile a network."""


def check_backend(backend: Backend, device: str) -> None:
    """Raise CannotCompile where a backend cannot work on a device."""
    on_gpu = device.startswith("cuda")
    if backend is Backend.CUDAGRAPHS and not on_gpu:
        raise CannotCompile(
            f"'cudagraphs' needs an NVIDIA GPU, this is {device}: choose 'inductor'"
        )
    if backend is Backend.INDUCTOR and on_gpu and importlib.util.find_spec("triton") is None:
        raise CannotCompile("'inductor' needs triton on a GPU: pip install triton, or 'cudagraphs'")
    if backend is Backend.INDUCTOR and not on_gpu:
        from torch._inductor.cpp_builder import get_cpp_compiler
        from torch._inductor.exc import InvalidCxxCompiler

        try:
            get_cpp_compiler()
        except InvalidCxxCompiler:
            message = "'inductor' needs a C++ compiler, and none was found: install g++ or set CXX"
            raise CannotCompile(message) from None


def compiled(network: nn.Module, backend: Backend) -> nn.Module:
    """A network that is compiled in its first call with inputs of each size.

    network: of its own (`residency.shared_copy`); its convolutions get plain weights.
    """
    unpack(network)
    made = torch.compile(network, backend=str(backend), dynamic=False)
    assert isinstance(made, nn.Module)
    return made


@dataclass(frozen=True, eq=False)
class CompiledNetwork:
    """A UNet in two forms: compiled for plain calls and those with residuals of control nets.

    Calls whose interventions compute something of their own go to the uncompiled form: they differ
    from call to call, and each would be compiled anew.
    """

    plain: nn.Module
    compiled: nn.Module

    def __call__(
        self,
        x: Tensor,
        timesteps: Tensor,
        context: Tensor,
        y: Tensor | None = None,
        /,
        *rest: object,
    ) -> Tensor:
        """As the UNet. Raises CannotCompile where torch fails to compile it."""
        interventions = next((i for i in rest if isinstance(i, Interventions)), NONE)
        if not residuals_only(interventions):
            out: Tensor = self.plain(x, timesteps, context, y, interventions)
            return out
        from torch._dynamo.exc import TorchDynamoException

        bare = replace(interventions, text=None)
        try:
            out = self.compiled(x, timesteps, context, y, bare)
        except TorchDynamoException as error:
            reason = str(error).strip().splitlines()[0]
            message = f"torch cannot compile this model: {reason}; without compiling it runs"
            raise CannotCompile(message) from error
        return out


def residuals_only(interventions: Interventions) -> bool:
    """Whether they only add tensors."""
    others = Interventions.__dataclass_fields__.keys() - ADDED
    return all(getattr(interventions, name) is None for name in others)
