"""Heun++ (the samplers of sd-webui-samplers-scheduler): Heun with weights that fall with sigma."""

from collections.abc import Sequence

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import ModelCall, Sampling, slope


def heunpp2(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """Slopes at up to three levels; weights sigma / (n sigma_0), the rest to the first.

    Three levels, two on the step before the last, Euler on the last: counted by where the
    sigma equals the final one.
    """
    for i in range(len(sigmas) - 1):
        length = sigmas[i + 1] - sigmas[i]
        ahead, slopes, weights = x, [], [0.0]
        for j in range(i, i + 3):
            denoised = yield ModelCall(ahead, sigmas[j], i)
            slopes.append(slope(ahead, denoised, sigmas[j]))
            if sigmas[j + 1] == sigmas[-1]:
                break
            ahead = ahead + slopes[-1] * (sigmas[j + 1] - sigmas[j])
        count = len(slopes)
        weights = [sigmas[i + k] / (count * sigmas[0]) for k in range(1, count)]
        mean = slopes[0] * (1 - sum(weights))
        for weight, d in zip(weights, slopes[1:], strict=True):
            mean = mean + weight * d
        x = x + mean * length
    return x
