"""An IP-Adapter's weights (arXiv 2308.06721, section 3.2); names as in the published files."""

from collections.abc import Sequence

from torch import Tensor, nn

from nodeflow.diffusion.ip_adapter.config import IPAdapterConfig, Projection
from nodeflow.diffusion.ip_adapter.projection import FullProjection, PlainProjection, Resampler


class KeysAndValues(nn.Module):
    """A picture's tokens as one attention over text looks at them."""

    def __init__(self, context: int, width: int) -> None:
        super().__init__()
        self.to_k_ip = nn.Linear(context, width, bias=False)
        self.to_v_ip = nn.Linear(context, width, bias=False)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        return self.to_k_ip(tokens), self.to_v_ip(tokens)


class IPAdapter(nn.Module):
    """`image_proj` makes tokens; `layers` are the attentions that look at them, in order."""

    def __init__(self, config: IPAdapterConfig) -> None:
        super().__init__()
        self.config = config
        self.image_proj = projection_of(config)
        self.ip_adapter = nn.ModuleDict(
            {
                str(2 * index + 1): KeysAndValues(config.context, width)
                for index, width in enumerate(config.layers)
            }
        )

    @property
    def layers(self) -> Sequence[nn.Module]:
        """One for each transformer block: the way down, the way up, the middle."""
        return list(self.ip_adapter.values())


def projection_of(config: IPAdapterConfig) -> nn.Module:
    """What makes tokens of what the image encoder sees."""
    match config.projection:
        case Projection.PLAIN:
            return PlainProjection(config)
        case Projection.FULL:
            return FullProjection(config)
        case Projection.RESAMPLER:
            assert config.resampler is not None
            return Resampler(config, config.resampler)
