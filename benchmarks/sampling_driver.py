"""What the sampling driver saves and costs, as ratios measured side by side in one run.

`python benchmarks/sampling_driver.py [--quick]`. Uses the embedded model on the CPU; recording
and overhead are also measured on latents of Stable Diffusion 1's size.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.guidance.rows import Rows
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.noise import Noise
from nodeflow.diffusion.residency import residency_of
from nodeflow.diffusion.samplers.registry import SAMPLERS
from nodeflow.diffusion.sampling.batching import BatchingSampler
from nodeflow.diffusion.sampling.evaluate import Company
from nodeflow.diffusion.sampling.model import DenoisingModel
from nodeflow.diffusion.sampling.recording import WishKeys, encode
from nodeflow.diffusion.sampling.resident import sample_resident, schedule_of
from nodeflow.diffusion.sampling.trajectory import Prompts, Trajectory
from nodeflow.diffusion.schedule.steps import full_sigmas
from nodeflow.diffusion.text.encode import encode_prompt
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.engine.recordings import Session, StepRecordings
from nodeflow.node.context import NoRecordings, Resources, RunContext

EMBEDDED = Path(__file__).parents[1] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
SD1_STEP_ON_CPU = 2.0
"""Seconds of one SD1.5 step at 512 pixels on two CPU cores, roughly; see network_speed.py."""


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def medians(works: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Median seconds of each, taken in turn after one round that is not counted."""
    for work in works:
        work()
    taken = [[seconds(work) for work in works] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


class Bench:
    """The embedded model, a prompt, and 20 steps of DPM++ 2M."""

    def __init__(self, steps: int) -> None:
        opened = open_checkpoint(EMBEDDED, "embedded")
        self.recipe, self.resources = opened.model, Resources()
        residency = self.resources.get(*residency_of("cpu"))
        encoder = residency.text_encoders(opened.clip)
        residency.unet(opened.model)
        sides = encode_prompt(encoder, "a rocket on a blue background"), encode_prompt(encoder, "")
        sigmas = full_sigmas(schedule_of(self.recipe), "karras", "dpmpp_2m", steps)
        self.plain = Trajectory(
            Latent(torch.zeros(1, 4, 16, 16)), Noise(1), Prompts(*sides, 3.0),
            SAMPLERS["dpmpp_2m"], tuple(sigmas.tolist()),
        )  # fmt: skip

    def host(self, company: Company, recordings: Session | NoRecordings) -> RunContext:
        """A context of its own tables, with the model that is loaded."""
        resources = Resources()
        residency = self.resources.get(*residency_of("cpu"))
        resources.get(type(residency), lambda: residency)
        resources.get(BatchingSampler, lambda: BatchingSampler(company))
        return RunContext(resources=resources, recordings=recordings)

    def in_turn(self, trajectories: Sequence[Trajectory]) -> None:
        """One after the other, as separate runs would."""
        host = self.host(Company.OWN, NoRecordings())
        for trajectory in trajectories:
            sample_resident(self.recipe, trajectory, host)

    def together(self, trajectories: Sequence[Trajectory], company: Company) -> None:
        """All at once."""
        host = self.host(company, StepRecordings(None).session("benchmark"))
        with ThreadPoolExecutor(len(trajectories)) as pool:
            list(pool.map(lambda t: sample_resident(self.recipe, t, host), trajectories))

    def forks(self, at: int) -> list[Trajectory]:
        """Six variants that differ from step `at` on: another prompt weight each."""
        schedule = schedule_of(self.recipe)
        level = (self.plain.sigmas[at - 1] + self.plain.sigmas[at]) / 2
        percent = 1.0 - float(schedule.timestep(torch.tensor(level))) / 999
        prompts = self.plain.guidance
        assert isinstance(prompts, Prompts)
        (entry,) = prompts.positive
        made = []
        for number in range(6):
            late = replace(
                entry, embedding=entry.embedding * (1 + number / 50), start_percent=percent
            )
            sides = replace(prompts, positive=(replace(entry, end_percent=percent), late))
            made.append(replace(self.plain, guidance=sides))
        return made


def resume(bench: Bench, killed_at: int) -> tuple[float, float]:
    """Seconds of a whole sampling and of one whose first calls are on disk."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = StepRecordings(folder)

        class Stop(Exception):
            """The kill."""

        def stop(progress: object) -> None:
            if getattr(progress, "step", 0) == killed_at:
                raise Stop

        host = bench.host(Company.OWN, first.session("benchmark"))
        try:
            sample_resident(bench.recipe, bench.plain, replace(host, on_progress=stop))
        except Stop:
            first.finish()
        second = StepRecordings(folder)
        again = bench.host(Company.OWN, second.session("benchmark"))
        rest = seconds(lambda: sample_resident(bench.recipe, bench.plain, again))
        second.finish()
    return seconds(lambda: bench.in_turn([bench.plain])), rest


def recording_cost(rounds: int) -> tuple[float, float]:
    """Seconds a step for key, bytes and hand-over at SD1.5 size; and until it is on disk."""
    x = torch.randn(1, 4, 64, 64)
    texts = torch.randn(1, 77, 768), torch.randn(1, 77, 768)
    with tempfile.TemporaryDirectory() as folder:
        recordings = StepRecordings(Path(folder))
        session, keys = recordings.session("benchmark"), WishKeys("model")
        keys.of(tuple(Rows(x, 1.0, text) for text in texts))
        handed = []
        began = time.perf_counter()
        for number in range(rounds):
            wish = tuple(Rows(x, 1.0 + number, text) for text in texts)

            def once(wish: tuple[Rows, ...] = wish) -> None:
                key = keys.of(wish)
                assert key is not None and session.get(key) is None
                session.put(key, encode([x, x]))

            handed.append(seconds(once))
        recordings.finish()
        whole = (time.perf_counter() - began) / rounds
    return statistics.median(handed), whole


def overhead(bench: Bench, steps: int) -> float:
    """Seconds a step beyond the network: a network that answers at once, one sampling alone."""

    class Instant:
        """Gives back what it gets."""

        config = UNetConfig()

        def __call__(
            self, x: Tensor, t: Tensor, context: Tensor, y: Tensor | None = None, /, *rest: object
        ) -> Tensor:
            return x

    schedule = schedule_of(bench.recipe)
    model = DenoisingModel(Instant(), bench.recipe.prediction, schedule)
    sigmas = tuple(torch.linspace(14.0, 0.0, steps + 1).tolist())
    trajectory = replace(bench.plain, sigmas=sigmas, sampler=SAMPLERS["euler"])
    host = bench.host(Company.OWN, NoRecordings())
    residency = host.resources.get(*residency_of("cpu"))

    class Fake(type(residency)):  # type: ignore[misc]
        """A residency whose network answers at once."""

        def unet(self, recipe: object) -> Instant:
            return Instant()

    resources = Resources()
    resources.get(type(residency), lambda: Fake())
    resources.get(BatchingSampler, lambda: BatchingSampler(Company.OWN))
    host = replace(host, resources=resources, recordings=StepRecordings(None).session("b"))

    def bare() -> None:
        x = trajectory.latent.samples
        prompts = trajectory.guidance
        assert isinstance(prompts, Prompts)
        pair = [prompts.positive[0].embedding, prompts.negative[0].embedding]
        with torch.no_grad():
            for here, there in pairwise(sigmas):
                wanted, unwanted = model([Rows(x, here, text) for text in pair])
                denoised = unwanted + 3.0 * (wanted - unwanted)
                x = x + (x - denoised) / here * (there - here)

    alone, driven = medians([bare, lambda: sample_resident(bench.recipe, trajectory, host)], 5)
    return (driven - alone) / steps


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser()
    options.add_argument("--quick", action="store_true", help="one round, fewer steps")
    quick = options.parse_args().quick
    rounds = 1 if quick else 5
    bench = Bench(20)
    seeds = [replace(bench.plain, noise=Noise(seed)) for seed in range(8)]
    works: list[Callable[[], object]] = [
        lambda: bench.in_turn(seeds), lambda: bench.together(seeds, Company.ALL),
    ]  # fmt: skip
    turn, shared = medians(works, rounds)
    print(f"8 seeds: in turn {turn:.2f} s, batched {shared:.2f} s: {turn / shared:.2f} x")
    forks = bench.forks(15)
    turn, forked = medians(
        [lambda: bench.in_turn(forks), lambda: bench.together(forks, Company.OWN)], rounds
    )
    _, both = medians(
        [lambda: bench.in_turn(forks), lambda: bench.together(forks, Company.ALL)], rounds
    )
    print(
        f"6 variants from step 15 of 20 on: {forked / turn:.2f} of 6 full runs, bit for bit; "
        f"{both / turn:.2f} with shared calls"
    )
    pairs = [resume(bench, 15) for _ in range(rounds)]
    whole, rest = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"resume after a kill at step 15 of 20: {1 - rest / whole:.0%} of the time saved")
    handed, written = recording_cost(20 if quick else 200)
    print(
        f"recording a step at SD1.5 size: {handed * 1e3:.3f} ms handed over, "
        f"{written * 1e3:.3f} ms until on disk: {handed / SD1_STEP_ON_CPU:.3%} of a step of "
        f"{SD1_STEP_ON_CPU:.0f} s, {handed / 0.05:.2%} of one of 50 ms"
    )
    spent = overhead(bench, 20 if quick else 200)
    print(f"driver, guidance and recording in memory: {spent * 1e3:.3f} ms a step")


if __name__ == "__main__":
    main()
