"""RES, the second-order exponential multistep of arXiv 2308.02157, in t = -log sigma."""

from collections.abc import Sequence
from functools import partial
from math import exp, expm1, log

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import ModelCall, Sampling, ancestral_split, slope


def res_multistep(
    x: Tensor, sigmas: Sequence[float], noise: StepNoise, *, eta: float = 0.0, s_noise: float = 1.0,
    cfg_pp: bool = False,
) -> Sampling:  # fmt: skip
    """Euler first and on the step to 0. The old node's place is that of the last step down.

    cfg_pp: along the unguided denoised (arXiv 2406.08070).
    """
    old: Tensor | None = None
    old_down = 0.0
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        answer = yield ModelCall(x, sigma, i, both=cfg_pp)
        denoised, base = answer if cfg_pp else (answer, answer)
        down, up = ancestral_split(sigma, sigma_next, eta)
        if old is None or down == 0.0:
            x = denoised + slope(x, base, sigma) * down
        else:
            h = log(sigma) - log(down)
            c2 = (log(old_down) - log(sigmas[i - 1])) / h
            phi_1 = -expm1(-h) / h
            phi_2 = (1 - phi_1) / h
            b2 = phi_2 / c2 if c2 else 0.0
            b1 = phi_1 - b2 if c2 else 0.0
            x = exp(-h) * (x + (denoised - base)) + h * (b1 * base + b2 * old)
        if up * s_noise > 0:
            x = x + noise(x, sigma, sigma_next) * (s_noise * up)
        old, old_down = base, down
    return x


res_multistep_ancestral = partial(res_multistep, eta=1.0)
res_multistep_cfg_pp = partial(res_multistep, cfg_pp=True)
res_multistep_ancestral_cfg_pp = partial(res_multistep, eta=1.0, cfg_pp=True)
