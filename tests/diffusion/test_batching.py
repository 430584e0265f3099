"""Samplings that advance together: each equals itself alone, and equal calls are made once."""

import io
import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.conditioning import Conditioning
from nodeflow.diffusion.guidance.labels import MissingInput
from nodeflow.diffusion.guidance.rows import Rows
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.noise import Noise
from nodeflow.diffusion.recipe import ModelRecipe, Prediction, WeightsFile
from nodeflow.diffusion.residency import residency_of
from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.samplers.registry import SAMPLERS
from nodeflow.diffusion.sampling.batching import BatchingSampler
from nodeflow.diffusion.sampling.evaluate import Company, evaluate
from nodeflow.diffusion.sampling.model import DenoisingModel
from nodeflow.diffusion.sampling.recording import WishKeys, canonical
from nodeflow.diffusion.sampling.resident import sample_resident, schedule_of
from nodeflow.diffusion.sampling.trajectory import Prompts, Trajectory
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.diffusion.schedule.steps import cut, full_sigmas
from nodeflow.diffusion.text.encode import encode_prompt
from nodeflow.diffusion.unet.interventions import Interventions
from nodeflow.diffusion.vae.codec import decode_latent
from nodeflow.engine.recordings import StepRecordings
from nodeflow.node.context import Cancelled, Resources, RunContext
from tests.diffusion.closeness import relative_l2
from tests.diffusion.killed_samplings import EMBEDDED, Stage, stage

LARGEST_DIFFERENCE = 1e-4
"""Relative L2 between latents of shared and of own calls, float32 on a CPU."""


@pytest.fixture(scope="module")
def scene() -> Stage:
    """The embedded model."""
    return stage()


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Two cores, whatever this machine has."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def host(scene: Stage, company: Company, **more: object) -> RunContext:
    """A context whose samplings keep this company."""
    resources = Resources()
    kind, _ = residency_of("cpu")
    loaded = scene.resources.get(*residency_of("cpu"))
    resources.get(kind, lambda: loaded)
    resources.get(BatchingSampler, lambda: BatchingSampler(company))
    return RunContext(resources=resources, **more)  # type: ignore[arg-type]


def encoded(scene: Stage, text: str) -> Conditioning:
    """A prompt."""
    encoder = scene.resources.get(*residency_of("cpu")).text_encoders(
        open_checkpoint(EMBEDDED, "print").clip
    )
    return encode_prompt(encoder, text)


def arrivals(scene: Stage, seed: int, count: int) -> list[Trajectory]:
    """Samplings that differ in all that may differ."""
    chance = random.Random(seed)
    prompts = [encoded(scene, t) for t in ("a cat", "a dog on a red background", "a cat " * 60)]
    made = []
    for number in range(count):
        name: SamplerName = chance.choice(list(SAMPLERS))
        scheduler = chance.choice(("karras", "normal", "simple"))
        sigmas = full_sigmas(schedule_of(scene.recipe), scheduler, name, chance.randint(2, 5))  # type: ignore[arg-type]
        sides = Prompts(chance.choice(prompts), scene.negative, chance.choice((1.0, 3.0, 5.5)))
        size = chance.choice(((8, 8), (8, 8), (8, 12)))
        latent = Latent(torch.zeros(chance.choice((1, 1, 2)), 4, *size))
        made.append(
            Trajectory(latent, Noise(number), sides, SAMPLERS[name], tuple(sigmas.tolist()))
        )
    return made


def alone(scene: Stage, company: Company, trajectory: Trajectory) -> Tensor:
    """One sampling with nobody beside it."""
    return sample_resident(scene.recipe, trajectory, host(scene, company)).samples


def together(
    scene: Stage, trajectories: list[Trajectory], context: RunContext, seed: int = 0
) -> list[Tensor]:
    """All of them at once, arriving at random moments."""
    chance = random.Random(seed)
    delays = [chance.random() * 0.2 for _ in trajectories]

    def run(trajectory: Trajectory, delay: float) -> Tensor:
        time.sleep(delay)
        return sample_resident(scene.recipe, trajectory, context).samples

    with ThreadPoolExecutor(len(trajectories)) as pool:
        return list(pool.map(run, trajectories, delays))


@pytest.mark.parametrize("company", [Company.OWN, Company.BLOCKS])
def test_a_picture_is_the_same_bytes_in_any_company(scene: Stage, company: Company) -> None:
    requests = arrivals(scene, 3, 8)
    wanted = [alone(scene, company, r) for r in requests]
    for made, own in zip(together(scene, requests, host(scene, company)), wanted, strict=True):
        assert torch.equal(made, own)


def test_shared_calls_change_the_last_bits_only(scene: Stage) -> None:
    requests = arrivals(scene, 4, 8)
    wanted = [alone(scene, Company.OWN, r) for r in requests]
    found = together(scene, requests, host(scene, Company.ALL))
    largest = max(relative_l2(a, b) for a, b in zip(found, wanted, strict=True))
    assert 0 < largest < LARGEST_DIFFERENCE


def test_shared_calls_are_split_among_the_cores(
    scene: Stage, monkeypatch: pytest.MonkeyPatch, two_threads: None
) -> None:
    requests = [replace(scene.trajectory("dpmpp_2m"), noise=Noise(seed)) for seed in range(6)]
    wanted = [alone(scene, Company.OWN, r) for r in requests]
    called: set[str] = set()
    one = DenoisingModel.__call__

    def noted(model: DenoisingModel, pieces: Sequence[Rows]) -> list[Tensor]:
        if len(pieces) > 2:
            called.add(threading.current_thread().name)
        return one(model, pieces)

    monkeypatch.setattr(DenoisingModel, "__call__", noted)
    found = together(scene, requests, host(scene, Company.ALL))
    assert called == {"share_0", "share_1"}
    largest = max(relative_l2(a, b) for a, b in zip(found, wanted, strict=True))
    assert largest < LARGEST_DIFFERENCE


def test_an_image_of_a_batch_is_the_same_bytes_drawn_alone(scene: Stage) -> None:
    batch = replace(scene.trajectory("euler_ancestral"), sampler=SAMPLERS["euler"])
    whole = replace(batch, latent=Latent(torch.zeros(3, 4, 8, 8)))
    third = replace(batch, latent=Latent(torch.zeros(1, 4, 8, 8), batch_index=(2,)))
    pictures = alone(scene, Company.BLOCKS, whole)
    assert torch.equal(pictures[2:], alone(scene, Company.BLOCKS, third))


def test_equal_calls_of_samplings_side_by_side_are_made_once(scene: Stage) -> None:
    one = scene.trajectory("dpmpp_2m")
    context = host(scene, Company.OWN, recordings=StepRecordings(None).session("test"))
    barrier = threading.Barrier(4)

    def run(_: int) -> Tensor:
        barrier.wait()
        return sample_resident(scene.recipe, one, context).samples

    with ThreadPoolExecutor(4) as pool:
        first, *rest = pool.map(run, range(4))
    assert all(torch.equal(first, other) for other in rest)
    calls = context.resources.get(BatchingSampler, BatchingSampler).calls
    assert calls == one.steps


class Forks:
    """Runs one after the other that share recordings; counts the calls of each."""

    def __init__(self, scene: Stage) -> None:
        self.scene, self.recordings = scene, StepRecordings(None)

    def calls(self, trajectory: Trajectory) -> int:
        """The model calls that were not there already; the latent equals that of a lone run."""
        session = self.recordings.session("test")
        context = host(self.scene, Company.OWN, recordings=session)
        made = sample_resident(self.scene.recipe, trajectory, context).samples
        assert torch.equal(made, alone(self.scene, Company.OWN, trajectory))
        return session.computed


def test_variants_share_what_they_begin_with(scene: Stage) -> None:
    sigmas = full_sigmas(schedule_of(scene.recipe), "karras", "dpmpp_2m_sde", 6)
    sides = Prompts(scene.positive, scene.negative, 3.0)
    first = Trajectory(
        Latent(torch.zeros(1, 4, 8, 8)), Noise(5), sides, SAMPLERS["euler_ancestral"],
        tuple(sigmas.tolist()),
    )  # fmt: skip
    forks = Forks(scene)
    assert forks.calls(first) == 6
    assert forks.calls(first) == 0
    ended = replace(first, sigmas=(*first.sigmas[:4], 0.0))
    assert forks.calls(ended) == 0  # the same calls, another end
    schedule = schedule_of(scene.recipe)
    level = (first.sigmas[2] + first.sigmas[3]) / 2
    percent = 1.0 - float(schedule.timestep(torch.tensor(level))) / 999
    (entry,) = scene.positive
    other = encoded(scene, "a dog")[0]
    late = (replace(entry, end_percent=percent), replace(other, start_percent=percent))
    split = replace(first, guidance=replace(sides, positive=late))
    assert forks.calls(split) == 3
    assert forks.calls(replace(first, guidance=replace(sides, cfg=5.0))) == 5  # all but the first
    assert forks.calls(replace(first, sampler=SAMPLERS["euler"])) == 5
    assert forks.calls(replace(first, noise=Noise(6))) == 6


def test_a_split_sampling_goes_on_with_the_calls_of_the_whole(scene: Stage) -> None:
    every = full_sigmas(schedule_of(scene.recipe), "karras", "euler", 6)
    sides = Prompts(scene.positive, scene.negative, 3.0)
    latent = Latent(torch.zeros(1, 4, 8, 8))
    whole = Trajectory(latent, Noise(5), sides, SAMPLERS["euler"], tuple(every.tolist()))
    forks = Forks(scene)
    assert forks.calls(whole) == 6
    part = replace(whole, sigmas=tuple(cut(every, 0, 4, leftover_noise=True).tolist()))
    assert forks.calls(part) == 0


def test_one_is_cancelled_and_the_others_go_on(scene: Stage) -> None:
    context = host(scene, Company.ALL)
    stop = threading.Event()
    long = replace(scene.trajectory("euler"), sigmas=tuple(map(float, range(60, -1, -1))))
    doomed = replace(context, on_progress=lambda p: stop.set(), cancelled=stop.is_set)
    with ThreadPoolExecutor(2) as pool:
        kept = pool.submit(sample_resident, scene.recipe, scene.trajectory("heun"), context)
        lost = pool.submit(sample_resident, scene.recipe, long, doomed)
        with pytest.raises(Cancelled):
            lost.result()
        assert float(kept.result().samples.abs().max()) > 0
    assert context.resources.get(BatchingSampler, BatchingSampler).calls < 60


def test_a_failing_call_reaches_everybody_who_waited_for_it(scene: Stage) -> None:
    context = host(scene, Company.ALL)
    (entry,) = scene.positive
    wrong = (replace(entry, embedding=torch.zeros(1, 77, 5)),)
    broken = replace(scene.trajectory("euler"), guidance=Prompts(wrong, wrong, 3.0))
    unchecked = replace(scene.recipe, context_width=0)
    with pytest.raises(RuntimeError):
        sample_resident(unchecked, broken, context)
    with pytest.raises(MissingInput, match="encoded to a width of 5, this model takes 192"):
        sample_resident(scene.recipe, broken, context)
    made = sample_resident(scene.recipe, scene.trajectory("euler"), context)
    assert torch.isfinite(made.samples).all()


def test_previews_look_like_the_picture(scene: Stage) -> None:
    seen: list[bytes] = []
    context = host(scene, Company.OWN, previews="auto")
    context = replace(context, on_progress=lambda p: seen.append(p.preview) if p.preview else None)
    opened = open_checkpoint(EMBEDDED, "print")
    red = encoded(scene, "a red apple on a blue background")
    sigmas = full_sigmas(schedule_of(scene.recipe), "karras", "dpmpp_2m", 8)
    drawn = replace(
        scene.trajectory("dpmpp_2m"), latent=Latent(torch.zeros(1, 4, 16, 16)),
        guidance=Prompts(red, scene.negative, 3.0), sigmas=tuple(sigmas.tolist()),
    )  # fmt: skip
    latent = sample_resident(scene.recipe, drawn, context)
    with Image.open(io.BytesIO(seen[-1])) as last:
        assert last.size == (256, 256)
        quick = torch.from_numpy(np.asarray(last.resize((16, 16), Image.Resampling.BOX)).copy())
    with torch.no_grad():
        vae = scene.resources.get(*residency_of("cpu")).vae(opened.vae)
        picture = decode_latent(vae, latent.samples)
    true = F.avg_pool2d(picture.movedim(-1, 1), 8)[0].movedim(0, -1)
    assert float((quick / 255 - true).abs().mean()) < 0.12


def test_rows_keep_what_belongs_to_them() -> None:
    class Telling:
        """Answers with the sum of everything a row was given."""

        def __call__(
            self, x: Tensor, t: Tensor, context: Tensor, y: Tensor | None = None, /, *rest: object
        ) -> Tensor:
            given = x.mean((1, 2, 3)) + t / 1000 + context.mean((1, 2))
            if y is not None:
                given = given + y.mean(1)
            return given[:, None, None, None].expand(len(x), 4, *x.shape[2:]).clone()

    model = DenoisingModel(Telling(), Prediction.X0, stable_diffusion())
    draw = torch.Generator().manual_seed(1)

    def rows(count: int, tokens: int, labels: bool, extra: bool, shared: bool) -> Rows:
        lead = 1 if shared else count
        return Rows(
            torch.randn(count, 4, 4, 4, generator=draw), float(count),
            torch.randn(lead, tokens, 3, generator=draw),
            torch.randn(lead, 5, generator=draw) if labels else None,
            torch.randn(lead, 2, 4, 4, generator=draw) if extra else None,
        )  # fmt: skip

    kinds = [(l, e, s) for l in (0, 1) for e in (0, 1) for s in (0, 1)]  # noqa: E741
    wish = tuple(rows(1 + i % 3, 2 + i % 2, *map(bool, k)) for i, k in enumerate(kinds * 2))
    alone = [model([row])[0] for row in wish]
    ways = (evaluate(model, wish), evaluate(model, wish, cells=64), evaluate(model, wish, block=3))
    for found in ways:
        for one, other in zip(found, alone, strict=True):
            assert torch.allclose(one, other, atol=1e-5)


def test_keys_tell_apart_whatever_decides_an_answer() -> None:
    x, text = torch.randn(1, 4, 4, 4), torch.randn(1, 2, 3)
    base = Rows(x, 2.0, text)
    key = WishKeys("model").of((base,))
    assert WishKeys("model").of((Rows(x.clone(), 2.0, text.clone()),)) == key
    changed = [
        replace(base, x=x + 1e-7), replace(base, sigma=2.0000001),
        replace(base, embedding=text * 2),
        replace(base, labels=text[:, 0]), replace(base, extra=x), replace(base, variant="pag 3.0"),
        replace(base, embedding=text.reshape(1, 3, 2)),
    ]  # fmt: skip
    keys = [WishKeys("model").of((rows,)) for rows in changed]
    keys += [WishKeys("model").of((base, base)), WishKeys("other").of((base,))]
    assert len({key, *keys}) == len(keys) + 1
    nameless = replace(base, interventions=Interventions(mid_residual=x))
    assert WishKeys("model").of((nameless,)) is None


def test_models_of_equal_content_have_one_name() -> None:
    here = ModelRecipe(WeightsFile("/here", "print"), Prediction.EPS, 0.18215)
    assert canonical(here) == canonical(replace(here, source=WeightsFile("/there", "print")))
    assert canonical(here) != canonical(replace(here, source=WeightsFile("/here", "other")))
    assert canonical(here) != canonical(replace(here, prediction=Prediction.V))
    assert canonical(object()) != canonical(object())
