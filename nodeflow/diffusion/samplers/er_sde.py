"""Extended reverse-time SDE solvers (arXiv 2309.06169), variance exploding form."""

from collections.abc import Sequence
from math import exp, sqrt
from typing import Literal

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import ModelCall, Sampling

POINTS = 200
SolverType = Literal["ER-SDE", "Reverse-time SDE", "ODE"]


def noise_scale(sigma: float, solver_type: SolverType, eta: float) -> float:
    """The paper's noise scale function: its fifth for ER-SDE, else `sigma ** (1 + eta)`."""
    if solver_type == "ER-SDE":
        return sigma * (exp(sigma**0.3) + 10.0)
    return float(sigma ** (1 + (eta if solver_type == "Reverse-time SDE" else 0.0)))


def er_sde(
    x: Tensor, sigmas: Sequence[float], noise: StepNoise, *, solver_type: SolverType = "ER-SDE",
    max_stage: int = 3, eta: float = 1.0, s_noise: float = 1.0,
) -> Sampling:  # fmt: skip
    """Up to three stages (Taylor terms), integrals by 200 points; eta is for Reverse-time SDE."""
    old: Tensor | None = None
    old_first: Tensor | None = None
    ode = solver_type == "ODE" or (solver_type == "Reverse-time SDE" and eta == 0)
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised = yield ModelCall(x, sigma, i)
        if sigma_next == 0.0:
            return denoised
        scale = noise_scale(sigma_next, solver_type, eta)
        ratio = scale / noise_scale(sigma, solver_type, eta)
        x = ratio * x + (1 - ratio) * denoised
        if old is not None and max_stage > 1:
            length = sigma_next - sigma
            cell = -length / POINTS
            places = [sigma_next + k * cell for k in range(POINTS)]
            inverse = [cell / noise_scale(place, solver_type, eta) for place in places]
            first = (denoised - old) / (sigma - sigmas[i - 1])
            x = x + (length + sum(inverse) * scale) * first
            if old_first is not None and max_stage > 2:
                moment = sum((p - sigma) * w for p, w in zip(places, inverse, strict=True))
                second = (first - old_first) / ((sigma - sigmas[i - 2]) / 2)
                x = x + (length**2 / 2 + moment * scale) * second
            old_first = first
        spread = sqrt(max(sigma_next**2 - (sigma * ratio) ** 2, 0.0)) * s_noise
        if spread > 0 and not ode:
            x = x + noise(x, sigma, sigma_next) * spread
        old = denoised
    return x
