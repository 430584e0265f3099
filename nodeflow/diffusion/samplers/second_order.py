"""Heun, DPM-Solver-2 and linear multistep, after k-diffusion (arXiv 2206.00364, 2206.00927)."""

from collections.abc import Sequence

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import (
    ModelCall,
    Sampling,
    ancestral_split,
    log_middle,
    slope,
)


def heun(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """The mean of the slopes at both ends; Euler on the step to 0."""
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised = yield ModelCall(x, sigma, i)
        first = slope(x, denoised, sigma)
        ahead = x + first * (sigma_next - sigma)
        if sigma_next > 0:
            denoised = yield ModelCall(ahead, sigma_next, i)
            second = slope(ahead, denoised, sigma_next)
            ahead = x + (first + second) / 2 * (sigma_next - sigma)
        x = ahead
    return x


def dpm_2(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """The slope at the geometric middle; Euler on the step to 0."""
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised = yield ModelCall(x, sigma, i)
        d = slope(x, denoised, sigma)
        if sigma_next > 0:
            middle = log_middle(sigma, sigma_next)
            between = x + d * (middle - sigma)
            denoised = yield ModelCall(between, middle, i)
            d = slope(between, denoised, middle)
        x = x + d * (sigma_next - sigma)
    return x


def dpm_2_ancestral(
    x: Tensor, sigmas: Sequence[float], noise: StepNoise, *, eta: float = 1.0, s_noise: float = 1.0
) -> Sampling:
    """DPM-Solver-2 to a lower level, then noise up to the next."""
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised = yield ModelCall(x, sigma, i)
        d = slope(x, denoised, sigma)
        down, up = ancestral_split(sigma, sigma_next, eta)
        if down == 0.0:
            x = x + d * (down - sigma)
        else:
            middle = log_middle(sigma, down)
            between = x + d * (middle - sigma)
            denoised = yield ModelCall(between, middle, i)
            x = x + slope(between, denoised, middle) * (down - sigma)
            x = x + noise(x, sigma, sigma_next) * (s_noise * up)
    return x


def lagrange_weight(order: int, sigmas: Sequence[float], i: int, j: int) -> float:
    """Integral over step i of the polynomial that is 1 at the j-th slope back."""
    from scipy import integrate

    def polynomial(tau: float) -> float:
        product = 1.0
        for k in range(order):
            if k != j:
                product *= (tau - sigmas[i - k]) / (sigmas[i - j] - sigmas[i - k])
        return product

    return float(integrate.quad(polynomial, sigmas[i], sigmas[i + 1], epsrel=1e-4)[0])


def lms(x: Tensor, sigmas: Sequence[float], noise: StepNoise, *, order: int = 4) -> Sampling:
    """Adams-Bashforth up to `order` on uneven steps; the step to 0 gives the denoised itself."""
    slopes: list[Tensor] = []
    for i in range(len(sigmas) - 1):
        denoised = yield ModelCall(x, sigmas[i], i)
        slopes = [slope(x, denoised, sigmas[i]), *slopes[: order - 1]]
        if sigmas[i + 1] == 0.0:
            x = denoised
        else:
            for j, d in enumerate(slopes):
                x = x + lagrange_weight(len(slopes), sigmas, i, j) * d
    return x
