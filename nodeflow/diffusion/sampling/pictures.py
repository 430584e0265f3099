"""Attention over pictures beside the text (arXiv 2308.06721, equation 5)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.guidance.rows import PictureRows, Rows
from nodeflow.diffusion.patches.hypertile import map_size
from nodeflow.diffusion.recipe import WeightsFile
from nodeflow.diffusion.sampling.texts import Texts, per_row
from nodeflow.diffusion.unet.attention import attention
from nodeflow.diffusion.unet.interventions import AttentionOverride, Place, TextKeys

Layers = Mapping[Place, nn.Module]
"""What makes keys and values of tokens, for each transformer block."""


def no_adapters(file: WeightsFile) -> Layers:
    """For a model that is used without any."""
    raise ValueError("this model was made without IP-Adapters")


@dataclass(frozen=True, eq=False)
class Looked:
    """One adapter in one network call: keys and values are kept from step to step."""

    layers: Layers
    tokens: Tensor
    keys: TextKeys
    weight: float
    mask: Tensor | None

    def at(self, place: Place) -> tuple[Tensor, Tensor]:
        """Keys and values in one transformer block."""
        layer = self.layers[place]
        return self.keys.of(layer, lambda: layer(self.tokens))


@dataclass(frozen=True, eq=False)
class Pictures:
    """The IP-Adapters of a model. layers: those of a file, in memory."""

    layers: Callable[[WeightsFile], Layers] = no_adapters
    texts: Texts = field(default_factory=Texts)

    def attention(
        self, pieces: Sequence[Rows], like: Tensor, inner: AttentionOverride | None
    ) -> AttentionOverride:
        """Attention over the text and over the pictures of pieces of one kind.

        like: the latents of the call `[rows, C, h, w]`. inner: what computes attention over text.
        """
        looked = [self.looked(pieces, n, like) for n in range(len(pieces[0].pictures))]

        def attended(place: Place, q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
            seen = attention(q, k, v, heads) if inner is None else inner(place, q, k, v, heads)
            for each in looked:
                part = each.weight * attention(q, *each.at(place), heads)
                seen = seen + (part if each.mask is None else part * at_cells(each.mask, q))
            return seen

        return attended

    def looked(self, pieces: Sequence[Rows], number: int, like: Tensor) -> Looked:
        """One of the adapters for all rows of a call."""
        given: list[tuple[PictureRows, Tensor]] = [(p.pictures[number], p.x) for p in pieces]
        tokens, keys = self.texts.of([(pictures.tokens, x) for pictures, x in given])
        masks = [per_row(p.mask, x) for p, x in given if p.mask is not None]
        first = given[0][0]
        return Looked(
            self.layers(first.adapter),
            tokens.to(like),
            keys,
            first.weight,
            torch.cat(masks).to(like) if masks else None,
        )


def at_cells(mask: Tensor, q: Tensor) -> Tensor:
    """A mask `[rows, 1, h, w]` of the latent's size at the cells of features: `[rows, cells, 1]`.

    Raises ValueError where the features are no even part of the latent.
    """
    size = map_size(q.shape[1], mask.shape[2], mask.shape[3])
    if size is None:
        raise ValueError(
            f"a mask of {mask.shape[2]} by {mask.shape[3]} cells cannot be laid on features of "
            f"{q.shape[1]} cells: use no downscaling of the first steps beside it, or by 2"
        )
    return F.adaptive_avg_pool2d(mask, size).flatten(2).transpose(1, 2)
