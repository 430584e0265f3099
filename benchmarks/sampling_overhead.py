"""Time of a whole sampling outside the network, as a share of the time inside it.

`python benchmarks/sampling_overhead.py [--quick]`. The embedded model at 128 pixels on the CPU,
cfg 4, for samplers that do little, draw Brownian noise, or compute weights.
"""

import argparse
import statistics
import time
from pathlib import Path

import torch

from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.noise import Noise
from nodeflow.diffusion.residency import residency_of
from nodeflow.diffusion.samplers.choice import SamplerChoice
from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.samplers.registry import entry_of
from nodeflow.diffusion.sampling.resident import sample_resident, schedule_of
from nodeflow.diffusion.sampling.trajectory import Prompts, Trajectory
from nodeflow.diffusion.schedule.steps import full_sigmas
from nodeflow.diffusion.text.encode import encode_prompt
from nodeflow.node.context import RunContext

EMBEDDED = Path(__file__).parents[1] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
NAMES: tuple[SamplerName, ...] = (
    "euler", "dpmpp_2m", "dpmpp_2m_sde", "euler_ancestral_cfg_pp", "uni_pc", "deis", "er_sde",
    "sa_solver",
)  # fmt: skip


def main() -> None:
    """Print one line a sampler."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    opened = open_checkpoint(EMBEDDED, "print")
    context = RunContext()
    residency = context.resources.get(*residency_of("cpu"))
    encoders = residency.text_encoders(opened.clip)
    sides = [encode_prompt(encoders, text) for text in ("a red apple", "")]
    unet, spent = residency.unet(opened.model), [0.0]
    inner = unet.forward

    def timed(*arguments: object, **named: object) -> torch.Tensor:
        began = time.perf_counter()
        out: torch.Tensor = inner(*arguments, **named)
        spent[0] += time.perf_counter() - began
        return out

    unet.forward = timed
    schedule = schedule_of(opened.model)
    for name in NAMES[:3] if quick else NAMES:
        sigmas = tuple(full_sigmas(schedule, "karras", name, 20).tolist())
        shares = []
        for seed in range(2 if quick else 6):
            latent = Latent(torch.zeros(1, 4, 16, 16))
            entry = entry_of(SamplerChoice(name), schedule)
            made = Trajectory(latent, Noise(seed), Prompts(sides[0], sides[1], 4.0), entry, sigmas)
            spent[0], began = 0.0, time.perf_counter()
            sample_resident(opened.model, made, context)
            shares.append((time.perf_counter() - began) / spent[0] - 1)
        print(f"{name}: {statistics.median(shares):.1%} of the network's time")


if __name__ == "__main__":
    main()
