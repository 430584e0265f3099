"""T2I adapters look at a picture once a sampling."""

from collections.abc import Sequence

import torch
from torch import Tensor

from nodeflow.diffusion.control.config import AdapterConfig
from nodeflow.diffusion.control.t2i import T2IAdapter
from nodeflow.diffusion.guidance.rows import ControlRows, Rows
from nodeflow.diffusion.patches.tiled import Blending, TiledDiffusion
from nodeflow.diffusion.recipe import ControlRecipe, Prediction, WeightsFile
from nodeflow.diffusion.sampling.features import Features
from nodeflow.diffusion.sampling.model import DenoisingModel
from nodeflow.diffusion.sampling.tiled import TiledModel
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.model import UNet2DConditionModel

RECIPE = ControlRecipe(WeightsFile("/net", "net"))


class Counting(T2IAdapter):
    """Notes how many pictures it looks at."""

    def __init__(self) -> None:
        torch.manual_seed(1)
        super().__init__(AdapterConfig(3, (32, 64, 64, 64), 1))
        self.looked: list[int] = []

    def features(self, hint: Tensor) -> list[Tensor]:
        """What it makes of them."""
        self.looked.append(len(hint))
        return super().features(hint)


def network() -> UNet2DConditionModel:
    torch.manual_seed(2)
    return UNet2DConditionModel(
        UNetConfig(
            block_out_channels=(32, 64, 64, 64), heads=(2,) * 4, context_width=16, norm_groups=8
        )
    ).eval()


def model(net: T2IAdapter, unet: UNet2DConditionModel, room: int = 10**9) -> DenoisingModel:
    return DenoisingModel(
        unet, Prediction.EPS, stable_diffusion(), controls=lambda recipe: net,
        features=Features(room),
    )  # fmt: skip


def rows(hint: Tensor, sigma: float, strength: float = 1.0, size: int = 8) -> Rows:
    x = torch.randn(1, 4, size, size, generator=torch.Generator().manual_seed(int(sigma)))
    text = torch.ones(1, 7, 16)
    return Rows(x, sigma, text, controls=(ControlRows(RECIPE, strength, hint),))


def test_the_same_bits_from_one_look() -> None:
    hint, net, unet = torch.rand(1, 3, 64, 64), Counting(), network()
    kept = model(net, unet)

    def steps(take: DenoisingModel | None) -> list[Tensor]:
        found: list[Tensor] = []
        for sigma in (9.0, 4.0, 1.0):
            wish: Sequence[Rows] = [rows(hint, sigma), rows(hint, sigma, size=8)]
            found += (take or model(net, unet))(wish)
        return found

    with torch.no_grad():
        anew = steps(None)
        assert net.looked == [2, 2, 2]
        made = steps(kept)
        assert net.looked == [2, 2, 2, 2]
        assert all(torch.equal(a, b) for a, b in zip(made, anew, strict=True))
        kept([rows(hint, 2.0)])
        hint.mul_(0.5)
        kept([rows(hint, 2.0)])
        kept([rows(hint.clone(), 2.0)])
    assert net.looked[4:] == [1, 1, 1]


def test_each_tile_is_looked_at_once() -> None:
    hint, net = torch.rand(1, 3, 128, 128), Counting()
    tiled = TiledModel(model(net, network()), TiledDiffusion(Blending.UNIFORM, 8, 8, 0, 2))
    with torch.no_grad():
        for sigma in (9.0, 4.0, 1.0):
            tiled([rows(hint, sigma, size=16)])
    assert net.looked == [2, 2]


def test_features_do_not_grow() -> None:
    net, unet = Counting(), network()
    pictures = [torch.rand(1, 3, 64, 64) for _ in range(12)]
    one = model(net, unet)
    with torch.no_grad():
        one([rows(pictures[0], 3.0)])
        (first,) = one.features._held.values()
        tight = model(net, unet, room=3 * first.size)
        for picture in pictures:
            tight([rows(picture, 3.0)])
            held = tight.features._held.values()
            assert sum(s.size for s in held) <= 3 * first.size
        net.looked.clear()
        for picture in pictures[-3:]:
            tight([rows(picture, 2.0)])
    assert len(held) == 3 and net.looked == []
