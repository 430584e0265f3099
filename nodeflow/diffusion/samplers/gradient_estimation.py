"""Gradient estimation (Permenter and Yuan, arXiv 2306.04848): Euler with a corrected slope."""

from collections.abc import Sequence
from functools import partial

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import ModelCall, Sampling, slope


def gradient_estimation(
    x: Tensor, sigmas: Sequence[float], noise: StepNoise, *, ge_gamma: float = 2.0,
    cfg_pp: bool = False,
) -> Sampling:  # fmt: skip
    """Adds `(gamma - 1)(d - d_old)` from the second step on; the step to 0 gives the denoised.

    cfg_pp: the slopes are those of the unguided denoised (arXiv 2406.08070).
    """
    old: Tensor | None = None
    for i in range(len(sigmas) - 1):
        answer = yield ModelCall(x, sigmas[i], i, both=cfg_pp)
        denoised, base = answer if cfg_pp else (answer, answer)
        if sigmas[i + 1] == 0.0:
            return denoised
        d = slope(x, base, sigmas[i])
        x = denoised + d * sigmas[i + 1]
        if old is not None:
            x = x + (ge_gamma - 1) * (d - old) * (sigmas[i + 1] - sigmas[i])
        old = d
    return x


gradient_estimation_cfg_pp = partial(gradient_estimation, cfg_pp=True)
