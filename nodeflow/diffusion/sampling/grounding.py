"""Objects in boxes, looked at within the network (arXiv 2301.07093)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.made_for import check_model, widths_of
from nodeflow.diffusion.gligen.network import Fuser, Gligen
from nodeflow.diffusion.guidance.rows import Rows
from nodeflow.diffusion.recipe import WeightsFile
from nodeflow.diffusion.sampling.texts import per_row
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.interventions import BlockChange, Place
from nodeflow.diffusion.unet.places import attention_places


@dataclass(frozen=True, eq=False)
class GroundingNetwork:
    """GLIGEN in memory, beside one model: a fuser and its heads for each transformer block."""

    network: Gligen
    fusers: Mapping[Place, tuple[Fuser, int]]

    def change(self, pieces: Sequence[Rows], like: Tensor) -> BlockChange:
        """What it does in a call for pieces that all are grounded by it."""
        objects = torch.cat([per_row(self.objects(p), p.x) for p in pieces]).to(like)

        def changed(place: Place, x: Tensor) -> Tensor:
            fuser, heads = self.fusers[place]
            out: Tensor = fuser(x, objects, heads)
            return out

        return changed

    def objects(self, piece: Rows) -> Tensor:
        """Of one piece, `[1, MOST, context]`."""
        assert piece.grounding is not None
        out: Tensor = self.network.position_net(piece.grounding.boxes, piece.grounding.texts)
        return out


def beside(network: Gligen, config: UNetConfig) -> GroundingNetwork:
    """GLIGEN beside a model. Raises CheckpointError where it is for another family."""
    check_model((network.config.context, network.config.fusers), widths_of(config))
    pairs = zip(attention_places(config), network.fusers, strict=True)
    return GroundingNetwork(network, {p: (fuser, config.heads[p.level]) for p, fuser in pairs})  # type: ignore[misc]


def no_grounding(file: WeightsFile) -> GroundingNetwork:
    """For a model that is used without any."""
    raise ValueError("this model was made without GLIGEN")
