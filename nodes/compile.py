"""Models compiled by torch."""

from dataclasses import replace
from typing import Literal

from nodeflow.node import RunContext, node
from nodeflow.values import Model, foreseen


@node(
    "TorchCompileModel",
    category="_for_testing",
    store=False,
    infer=foreseen.passed(("MODEL", "model")),
)
def torch_compile_model(
    model: Model, context: RunContext, backend: Literal["inductor", "cudagraphs"] = "inductor"
) -> Model:
    """Compile the network in its first call with latents of each size: minutes, for faster steps.

    The picture differs in the last bits. Prompts with hooks, and models with patches that compute
    within the network (FreeU, HyperTile, IP-Adapter and others), run as without.

    Args:
        model: the model.
        backend: inductor makes fused kernels (on a CPU with a C++ compiler, on a GPU with triton);
            cudagraphs starts the usual ones as one, on an NVIDIA GPU.
    """
    from nodeflow.diffusion.compile import check_backend
    from nodeflow.diffusion.patches.compiled import Backend, Compiled

    chosen = Backend(backend)
    check_backend(chosen, context.device)
    return replace(model, patches=(*model.patches, Compiled(chosen)))
