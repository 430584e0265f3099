"""Everything that may change a UNet's forward pass, as one value given to it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from torch import Tensor, nn

from nodeflow.diffusion.unet.place import Place

__all__ = ["NONE", "Interventions", "Place", "TextKeys"]

AttentionOverride: TypeAlias = Callable[[Place, Tensor, Tensor, Tensor, int], Tensor]
"""(place, q, k, v, heads) to the attention's output; all `[batch, tokens, width]`."""

ContextChange: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]
"""What an attention looks at, `[batch, tokens, width]`, to what its keys and its values see."""

BlockChange: TypeAlias = Callable[[Place, Tensor], Tensor]
"""(place, x) between a transformer block's two attentions; returns `x` `[batch, tokens, width]`."""

SkipFilter: TypeAlias = Callable[[Place, Tensor, Tensor], tuple[Tensor, Tensor]]
"""(place, h, skip) before they are joined in an up block; returns both."""


Spot: TypeAlias = tuple[int, bool]
"""On the way down: the end of a level, or what its halving made of it (True)."""

SkipMaker: TypeAlias = Callable[[int, Tensor], tuple[Tensor, Tensor]]
"""(number of the skip, h) on the way down; returns the skip, and what goes on downwards."""


@dataclass(frozen=True, eq=False)
class TextKeys:
    """Keys and values of one context for every attention over it, computed when first needed.

    For calls without gradients whose context stays the same, as in the steps of a sampling.
    """

    made: dict[nn.Module, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def of(
        self, module: nn.Module, compute: Callable[[], tuple[Tensor, Tensor]]
    ) -> tuple[Tensor, Tensor]:
        """Those of one attention."""
        if module not in self.made:
            self.made[module] = compute()
        return self.made[module]


@dataclass(frozen=True)
class Interventions:
    """None of these changes the module; a forward pass without them is the plain model.

    down_residuals: added to the skips, in the order in which they are made (ControlNet).
    mid_residual: added to the middle's output.
    features: (spot, what is added to the features there on the way down), so that the skip and what
    follows have it (T2I-Adapter).
    self_attention, cross_attention: compute the attention instead of the module.
    contexts: changes what keys and values of every attention are made of (hypernetworks).
    between: changes features between self-attention and attention over the text (GLIGEN).
    skip_filter: changes the backbone and the skip before they are joined (FreeU).
    skip_maker: changes what each step down leaves as a skip and hands on; skips count from the
    first convolution, as LDM's input blocks do.
    text: where keys and values of the context are kept between calls; changes no result.
    """

    down_residuals: tuple[Tensor, ...] = ()
    mid_residual: Tensor | None = None
    features: tuple[tuple[Spot, Tensor], ...] = ()
    self_attention: AttentionOverride | None = None
    cross_attention: AttentionOverride | None = None
    contexts: ContextChange | None = None
    between: BlockChange | None = None
    skip_filter: SkipFilter | None = None
    skip_maker: SkipMaker | None = None
    text: TextKeys | None = None

    def made(self, skips: list[Tensor], h: Tensor, spot: Spot | None = None) -> Tensor:
        """Keep `h` as the next skip; returns what goes on.

        Raises ValueError where features are for a network of other sizes.
        """
        for wanted, feature in self.features:
            if wanted == spot:
                if feature.shape[1:] != h.shape[1:]:
                    made, here = list(feature.shape[1:]), list(h.shape[1:])
                    raise ValueError(
                        "the T2I adapter is for another family, or the first steps are downscaled: "
                        f"it makes {made} where the model has {here}"
                    )
                h = h + feature
        if self.skip_maker is None:
            skips.append(h)
            return h
        skip, h = self.skip_maker(len(skips), h)
        skips.append(skip)
        return h

    def over(self, other: "Interventions") -> "Interventions":
        """These, and of `other` what these leave alone."""
        if other is NONE:
            return self
        if self is NONE:
            return other
        return replace(
            other,
            **{
                name: value
                for name in Interventions.__dataclass_fields__
                if (value := getattr(self, name)) is not None and value != ()
            },
        )


NONE = Interventions()
