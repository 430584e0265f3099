"""Tiles: weights, what each is given, how many at once, and that they leave no seam."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.conditioning import (
    Area,
    Conditioning,
    ConditioningEntry,
    Control,
    Grounding,
    TextBox,
)
from nodeflow.diffusion.guidance.grounding import grounding_rows
from nodeflow.diffusion.guidance.rows import ControlRows, PictureRows, Rows
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.patches.tiled import Blending, TiledDiffusion, inside, tiles
from nodeflow.diffusion.recipe import (
    ControlRecipe,
    GligenRecipe,
    ModelRecipe,
    Prediction,
    WeightsFile,
)
from nodeflow.diffusion.samplers.step import ModelCall
from nodeflow.diffusion.sampling.evaluate import Denoiser, evaluate
from nodeflow.diffusion.sampling.model import DenoisingModel
from nodeflow.diffusion.sampling.setting import Setting, Space
from nodeflow.diffusion.sampling.tiled import TiledModel, cropped
from nodeflow.diffusion.sampling.trajectory import Prompts
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.diffusion.unet.interventions import Interventions
from nodeflow.engine.recordings import StepRecordings
from tests.diffusion.closeness import relative_l2
from tests.diffusion.patches.embedded import parts, sampled
from tests.nodes.test_behaviour import NODES, call

SD = stable_diffusion()
NET = ControlRecipe(WeightsFile("/net", "net"))
METHODS = list(Blending)


def noise(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class EachCell:
    """A network whose answer in a cell depends on that cell alone; it notes its calls."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.largest = 0

    def __call__(
        self, x: Tensor, t: Tensor, context: Tensor, y: Tensor | None = None, /, *rest: object
    ) -> Tensor:
        self.rows.append(len(x))
        self.largest = max(self.largest, x.shape[2] * x.shape[3])
        given = x[:, :4].tanh() * context.mean((1, 2))[:, None, None, None] + x[:, 4:].sum(1, True)
        (interventions,) = rest
        assert isinstance(interventions, Interventions)
        if interventions.mid_residual is not None:
            given = given + interventions.mid_residual
        return given

    def steered(self, x: Tensor, *rest: Tensor | None) -> Interventions:
        """A control net that sees the hint's mean in each cell."""
        hint = rest[-1]
        assert hint is not None
        return Interventions(mid_residual=F.avg_pool2d(hint.mean(1, keepdim=True), 8))


@pytest.mark.parametrize("blending", METHODS)
@pytest.mark.parametrize("size", [(16, 16), (24, 16), (37, 51), (8, 40)])
def test_weights_sum_to_one_over_every_cell(blending: Blending, size: tuple[int, int]) -> None:
    cut = tiles(TiledDiffusion(blending, 16, 16, 4, 1), *size)
    total = torch.zeros(size)
    for area, weight in cut:
        assert weight.shape == (area.height, area.width) == (min(16, size[0]), 16)
        assert float(weight.min()) >= 0
        inside(total, area).add_(weight)
    assert torch.allclose(total, torch.ones(size), atol=1e-6)
    corners = {(area.y, area.x) for area, _ in cut}
    assert len(corners) == len(cut)
    for row in {y for y, _ in corners}:
        begun = sorted(x for y, x in corners if y == row)
        assert all(b - a <= 12 for a, b in pairwise(begun))


def test_gaussian_tiles_count_most_in_their_middle() -> None:
    (_, first), (_, second) = tiles(TiledDiffusion(Blending.GAUSSIAN, 16, 16, 8, 1), 16, 24)
    assert torch.allclose(second.flip(1), first, atol=1e-6)
    shared = first[:, 8:]
    assert bool((shared.diff(dim=1) < 0).all()) and float(shared[0, 0]) > 0.9
    (_, plain), _ = tiles(TiledDiffusion(Blending.UNIFORM, 16, 16, 8, 1), 16, 24)
    assert torch.equal(plain[:, 8:], torch.full((16, 8), 0.5))


def test_gaussian_tiles_are_those_of_the_paper() -> None:
    """A density of variance 0.01 over a side of length 1, as Mixture of Diffusers has it."""
    (_, first), (_, second) = tiles(TiledDiffusion(Blending.GAUSSIAN, 16, 16, 8, 1), 16, 24)
    places = torch.arange(16, dtype=torch.float64)
    density = torch.exp(-(((places - 7.5) / 16) ** 2) / (2 * 0.01))
    share = density[8:] / (density[8:] + density[:8])
    assert torch.allclose(first[3, 8:].double(), share, atol=1e-6)
    assert torch.allclose(second[9, :8].double(), 1 - share, atol=1e-6)


def denoised(model: Denoiser, positive: Conditioning, negative: Conditioning, x: Tensor) -> Tensor:
    """One guided evaluation."""
    setting = Setting(Space(SD, scale=None), x, None, 0)  # type: ignore[arg-type]
    guidance = Prompts(positive, negative, 3.0).guider(setting)(ModelCall(x, 3.0, 0))
    wish = next(guidance)
    try:
        guidance.send(evaluate(model, wish))
    except StopIteration as end:
        result: Tensor = end.value
        return result
    raise AssertionError("one wish is all")


@pytest.mark.parametrize("blending", METHODS)
@pytest.mark.parametrize("batch", [1, 3, 64])
def test_tiles_of_a_denoiser_of_cells_are_the_whole(blending: Blending, batch: int) -> None:
    cells, network = EachCell(), EachCell()
    whole, cut = (
        DenoisingModel(n, Prediction.X0, SD, controls=lambda recipe, n=n: n.steered)  # type: ignore[misc]
        for n in (cells, network)
    )
    tiled = TiledModel(cut, TiledDiffusion(blending, 16, 12, 4, batch))
    x = noise(2, 4, 40, 36) * 3
    plain = ConditioningEntry(torch.full((1, 7, 3), 0.5))
    masked = replace(plain, embedding=torch.full((1, 7, 3), 2.0), mask=noise(1, 40, 36).abs())
    placed = replace(plain, embedding=torch.full((1, 7, 3), -1.0), area=Area(30, 20, 8, 10))
    hint = noise(1, 3, 320, 288).abs()
    steered = replace(plain, controls=(Control(NET, hint, 0.7),))
    images = replace(plain, embedding=noise(2, 7, 3, seed=5))
    for positive in ((plain,), (masked, placed), (steered,), (images,), (steered, placed)):
        wanted = denoised(whole, positive, (plain,), x)
        made = denoised(tiled, positive, (plain,), x)
        assert torch.allclose(made, wanted, atol=1e-5)
    assert max(network.rows) <= batch and network.largest == 16 * 12
    assert max(cells.rows) >= 4 and cells.largest == 40 * 36


def test_a_tile_is_given_its_part_of_all_that_has_a_place() -> None:
    hint, mask = noise(1, 3, 64, 128), noise(1, 1, 8, 16)
    shown = PictureRows(WeightsFile("/a", "a"), 1.0, noise(1, 4, 3), mask)
    rows = Rows(
        noise(2, 4, 8, 16), 1.0, noise(1, 7, 3), extra=noise(1, 5, 8, 16),
        controls=(ControlRows(NET, 1.0, hint),), pictures=(shown, replace(shown, mask=None)),
    )  # fmt: skip
    part = cropped(rows, Area(4, 6, 2, 8))
    assert torch.equal(part.x, rows.x[:, :, 2:6, 8:14])
    assert rows.extra is not None and part.extra is not None
    assert torch.equal(part.extra, rows.extra[:, :, 2:6, 8:14])
    assert torch.equal(part.controls[0].hint, hint[:, :, 16:48, 64:112])
    assert part.pictures[0].mask is not None and part.pictures[1].mask is None
    assert torch.equal(part.pictures[0].mask, mask[:, :, 2:6, 8:14])
    assert part.embedding is rows.embedding


def test_boxes_of_a_tile_are_those_of_its_rectangle() -> None:
    texts = [noise(1, 6, seed=i) for i in range(3)]
    boxes = (Area(4, 8, 1, 2), Area(6, 6, 10, 20), Area(2, 3, 4, 9))
    net = GligenRecipe(WeightsFile("/g", "g"))
    given = Grounding(net, tuple(TextBox(t, b) for b, t in zip(boxes, texts, strict=True)))
    at_all = grounding_rows(given, Area(16, 32, 0, 0))
    whole = Rows(noise(1, 4, 16, 32), 1.0, noise(1, 7, 3), grounding=at_all)
    for area in (Area(8, 12, 0, 4), Area(16, 16, 0, 16)):
        made, wanted = cropped(whole, area).grounding, grounding_rows(given, area)
        assert made is not None and 0 < len(wanted.boxes) < 3
        assert [list(b) for b in made.boxes] == [pytest.approx(b) for b in wanted.boxes]
        assert made.texts == wanted.texts


def tiling(model: ModelRecipe, method: str = "MultiDiffusion", *sides: int) -> ModelRecipe:
    made: ModelRecipe = call("TiledDiffusion", model, method, *sides)
    return made


def test_one_tile_is_the_plain_model() -> None:
    base = sampled()
    assert torch.equal(sampled(tiling), base)
    assert torch.equal(sampled(lambda m: tiling(m, "MultiDiffusion", 64, 64, 16)), base)


@pytest.mark.parametrize("method", [str(m) for m in METHODS])
def test_tiles_leave_no_seam(method: str) -> None:
    made = sampled(lambda m: tiling(m, method, 128, 128, 64), size=32, steps=8)
    steps = (made[..., 1:] - made[..., :-1]).abs().mean(dim=(0, 1, 2))
    borders = sorted(
        {a.x for a, _ in tiles(TiledDiffusion(Blending(method), 16, 16, 8, 4), 32, 32)}
    )
    at = [b - 1 for b in borders if b] + [b + 15 for b in borders if b + 16 < 32]
    elsewhere = [i for i in range(31) if i not in at]
    assert float(steps[at].mean()) < 1.25 * float(steps[elsewhere].mean())


def test_a_noise_mask_holds_over_tiles() -> None:
    context, model, positive, negative = parts()
    mask = torch.zeros(1, 1, 24, 24)
    mask[..., 6:20, 6:20] = 1
    latent = Latent(noise(1, 4, 24, 24), noise_mask=mask)
    made = call(
        "KSampler", tiling(model, "MultiDiffusion", 96, 96, 32), positive, negative, latent,
        context, 7, 3, 4.0,
    )  # fmt: skip
    kept = (mask == 0).expand_as(made.samples)
    assert relative_l2(made.samples[kept], latent.samples[kept]) < 1e-6
    assert relative_l2(made.samples[~kept], latent.samples[~kept]) > 0.1


def test_tiled_samplings_are_recorded_and_found() -> None:
    context, model, positive, negative = parts()
    recordings = StepRecordings(None)
    used = tiling(model, "Mixture of Diffusers", 64, 64, 16)

    def run(recipe: ModelRecipe) -> tuple[Tensor, int]:
        session = recordings.session("test")
        latent = Latent(torch.zeros(1, 4, 12, 12))
        host = replace(context, recordings=session)
        made = call("KSampler", recipe, positive, negative, latent, host, 7, 3, 4.0)
        return made.samples, session.computed

    first, again, other = run(used), run(used), run(model)
    assert torch.equal(first[0], again[0]) and (first[1], again[1]) == (3, 0)
    assert other[1] == 3 and not torch.equal(other[0], first[0])


def test_an_overlap_that_leaves_nothing_is_refused() -> None:
    validate = NODES["TiledDiffusion"].declaration.validate
    assert validate is not None
    literals = {"tile_width": 128, "tile_height": 96, "tile_overlap": 96}
    (problem,) = validate(literals, parts()[0].folders)
    assert problem.input == "tile_overlap" and "96" in problem.message
    assert not list(validate({**literals, "tile_overlap": 80}, parts()[0].folders))
    with pytest.raises(ValueError, match="overlap by less"):
        tiling(parts()[1], "MultiDiffusion", 128, 96, 96)
