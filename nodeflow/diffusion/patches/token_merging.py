"""Token merging (arXiv 2303.17604): self-attention asks for fewer, averaged cells.

Of every 2 by 2 cells one is a destination; of the others the share `ratio` (of all cells) that are
most like a destination are averaged into it before attention, and get its answer afterwards. Keys
and values stay whole. Likeness is that of the queries. The paper draws the destination in each
square at random; here the draw belongs to the layer, so that a picture depends on no earlier one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.diffusion.patches.hypertile import map_size
from nodeflow.diffusion.recipe import Patch
from nodeflow.diffusion.unet.attention import attention
from nodeflow.diffusion.unet.interventions import AttentionOverride, Place

STRIDE = 2


@dataclass(frozen=True, slots=True)
class TokenMerging(Patch):
    """ratio: of the cells at full resolution that are merged, 0..1; at most 3 of 4 can be."""

    ratio: float


def merged_attention_of(
    patches: Sequence[Patch], rows: int, columns: int
) -> AttentionOverride | None:
    """Attention for a latent of `rows` by `columns`; None without such a patch."""
    patch = next((p for p in reversed(patches) if isinstance(p, TokenMerging)), None)
    if patch is None or patch.ratio <= 0:
        return None

    def attended(place: Place, q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
        size = map_size(q.shape[1], rows, columns)
        if place.level > 0 or size is None or min(size) < STRIDE:
            return attention(q, k, v, heads)
        merge, restore = merging(q, destinations(size, place), patch.ratio)
        return restore(attention(merge(q), k, v, heads))

    return attended


def destinations(size: tuple[int, int], place: Place) -> Tensor:
    """Which cells are destinations, bool `[tokens]`: one in every whole square."""
    rows, columns = size
    down, across = rows // STRIDE, columns // STRIDE
    seed = place.index + 16 * ("down", "mid", "up").index(place.stage)
    chosen = torch.randint(STRIDE**2, (down, across), generator=torch.Generator().manual_seed(seed))
    is_destination = torch.zeros(rows, columns, dtype=torch.bool)
    top, left = torch.meshgrid(torch.arange(down), torch.arange(across), indexing="ij")
    is_destination[top * STRIDE + chosen // STRIDE, left * STRIDE + chosen % STRIDE] = True
    return is_destination.flatten()


def merging(
    metric: Tensor, is_destination: Tensor, ratio: float
) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
    """How to merge `[batch, tokens, width]` and how to give merged cells their answers back."""
    order = torch.arange(metric.shape[1], device=metric.device)
    mask = is_destination.to(metric.device)
    to, source = order[mask], order[~mask]
    count = min(len(source), int(metric.shape[1] * ratio))
    unit = metric / metric.norm(dim=-1, keepdim=True).clamp_min(1e-12)
    likeness, nearest = (unit[:, source] @ unit[:, to].transpose(1, 2)).max(dim=-1)
    ranked = likeness.argsort(dim=-1, descending=True, stable=True)
    gone, kept = ranked[:, :count], ranked[:, count:]
    target = nearest.gather(1, gone)

    def rows_at(x: Tensor, index: Tensor) -> Tensor:
        return x.gather(1, index[..., None].expand(-1, -1, x.shape[2]))

    def merge(x: Tensor) -> Tensor:
        sources, averaged = x[:, source], x[:, to]
        index = target[..., None].expand(-1, -1, x.shape[2])
        averaged = averaged.scatter_reduce(1, index, rows_at(sources, gone), reduce="mean")
        return torch.cat([rows_at(sources, kept), averaged], dim=1)

    def restore(x: Tensor) -> Tensor:
        left = kept.shape[1]
        answered = x[:, left:]
        sources = x.new_empty(len(x), len(source), x.shape[2])
        sources.scatter_(1, kept[..., None].expand(-1, -1, x.shape[2]), x[:, :left])
        index = gone[..., None].expand(-1, -1, x.shape[2])
        sources.scatter_(1, index, rows_at(answered, target))
        whole = torch.empty_like(x).new_empty(len(x), len(order), x.shape[2])
        whole[:, source], whole[:, to] = sources, answered
        return whole

    return merge, restore
