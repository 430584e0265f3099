"""A process of its own: every sampler killed with -9 at a random call, and gone on with.

`python -m tests.diffusion.killed_samplings FOLDER THREADS SEED` prints a line of JSON for each
sampler: the calls of the model in all, those made after the kill, and whether the latents of
the interrupted and the uninterrupted sampling are the same bytes. Each sampling is a child that
is forked after the model was loaded.
"""

import json
import os
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch

from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.conditioning import Conditioning
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.noise import Noise
from nodeflow.diffusion.recipe import ModelRecipe
from nodeflow.diffusion.residency import Residency, residency_of
from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.samplers.registry import SAMPLERS, UNLISTED, SamplerEntry
from nodeflow.diffusion.sampling.resident import sample_resident, schedule_of
from nodeflow.diffusion.sampling.trajectory import Prompts, Trajectory
from nodeflow.diffusion.schedule.steps import full_sigmas
from nodeflow.diffusion.text.encode import encode_prompt
from nodeflow.engine.recordings import Session, StepRecordings
from nodeflow.node.context import Resources, RunContext

EMBEDDED = Path(__file__).parents[2] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
STEPS = 4
EVERY: dict[str, SamplerEntry] = {**SAMPLERS, **UNLISTED}
"""Those that only a node of their own offers, too."""


@dataclass(frozen=True)
class Stage:
    """A model in memory and two prompts."""

    recipe: ModelRecipe
    resources: Resources
    positive: Conditioning
    negative: Conditioning

    def trajectory(self, name: str) -> Trajectory:
        """A short sampling of a small latent."""
        sigmas = full_sigmas(schedule_of(self.recipe), "karras", cast(SamplerName, name), STEPS)
        prompts = Prompts(self.positive, self.negative, 3.0)
        latent = Latent(torch.zeros(1, 4, 8, 8))
        return Trajectory(latent, Noise(5), prompts, EVERY[name], tuple(sigmas.tolist()))


def stage() -> Stage:
    """The embedded model, on one thread so that forking is safe."""
    torch.set_num_threads(1)
    opened = open_checkpoint(EMBEDDED, "print")
    resources = Resources()
    residency: Residency = resources.get(*residency_of("cpu"))
    residency.unet(opened.model)
    encoder = residency.text_encoders(opened.clip)
    return Stage(
        opened.model, resources, encode_prompt(encoder, "a rocket"), encode_prompt(encoder, "")
    )


@dataclass
class Deadly:
    """Recordings that end the process when they are asked for the `kill_at`-th time, from 0.

    wait: what was recorded before is on disk by then; else it is a race, as in life.
    """

    session: Session
    kill_at: int | None
    wait: bool
    asked: int = 0

    def get(self, key: str) -> bytes | None:
        """Asked before every call of the model."""
        if self.asked == self.kill_at:
            if self.wait:
                self.session.recordings.finish()
            os.kill(os.getpid(), signal.SIGKILL)
        self.asked += 1
        return self.session.get(key)

    def put(self, key: str, data: bytes) -> None:
        """Passed on."""
        self.session.put(key, data)


def sample(
    scene: Stage, name: str, folder: Path, kill_at: int | None, wait: bool
) -> dict[str, object]:
    """One sampling, killed before call `kill_at`; its bytes and counts."""
    session = StepRecordings(folder).session("test")
    host = RunContext(resources=scene.resources, recordings=Deadly(session, kill_at, wait))
    latent = sample_resident(scene.recipe, scene.trajectory(name), host)
    session.recordings.finish()
    made = latent.samples.numpy().tobytes().hex()
    return {"latent": made, "reused": session.reused, "computed": session.computed}


def in_child(work: Callable[[], dict[str, object]]) -> dict[str, object] | None:
    """What a forked process returns, or None where it was killed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        with os.fdopen(write, "w") as out:
            json.dump(work(), out)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return None
    assert status == 0, status
    made: dict[str, object] = json.loads(text)
    return made


def main(folder: Path, threads: int, seed: int) -> None:
    """All samplers."""
    scene = stage()
    chance = random.Random(seed)

    def child(name: str, place: Path, kill_at: int | None, wait: bool) -> dict[str, object]:
        torch.set_num_threads(threads)
        return sample(scene, name, place, kill_at, wait)

    for name in EVERY:
        whole = in_child(lambda n=name: child(n, folder / f"{n}-whole", None, False))  # type: ignore[misc]
        assert whole is not None
        repeated = int(str(whole["reused"]))  # a rejected step asks for the same again
        total = int(str(whole["computed"])) + repeated
        at = chance.randrange(1, total)
        wait = chance.random() < 0.7
        place = folder / name
        assert in_child(lambda n=name, p=place, k=at, w=wait: child(n, p, k, w)) is None  # type: ignore[misc]
        resumed = in_child(lambda n=name, p=place: child(n, p, None, False))  # type: ignore[misc]
        assert resumed is not None
        line = {
            "sampler": name,
            "calls": total,
            "repeated": repeated,
            "killed_before": at,
            "waited": wait,
            "reused": resumed["reused"],
            "computed": resumed["computed"],
            "same": resumed["latent"] == whole["latent"],
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
