"""Pictures as one file that moves."""

from typing import Annotated, Literal

from nodeflow.imaging.prefix import sound_prefix
from nodeflow.node import Artifacts, Range, RunContext, node
from nodeflow.values import Image

EFFORT = {"fastest": 0, "default": 4, "slowest": 6}
"""libwebp's method."""


@node(
    "SaveAnimatedWEBP", category="image/animation", display_name="Save Animated WebP", output=True,
    validate=sound_prefix,
)  # fmt: skip
def save_animated_webp(
    images: Image,
    context: RunContext,
    filename_prefix: str = "nodeflow",
    fps: Annotated[float, Range(0.01, 1000.0, step=0.01)] = 6.0,
    lossless: bool = True,
    quality: Annotated[int, Range(0, 100, step=1)] = 80,
    method: Literal["default", "fastest", "slowest"] = "default",
) -> Artifacts:
    """Write pictures as one WebP, with the workflow inside: several move, one stands still.

    Args:
        images: the pictures, in their order.
        filename_prefix: start of the name, may hold folders, %date:yyyy-MM-dd%, %width% and
            %height%.
        fps: pictures a second.
        lossless: keep every pixel as it is.
        quality: of the colours, 0 to 100; lossless, how much effort is spent on a smaller file.
        method: more time makes smaller files.
    """
    from nodeflow.imaging.files import WebPLook
    from nodeflow.imaging.save import save_webp

    look = WebPLook(fps, lossless, quality, EFFORT[method])
    return save_webp(images, context.folders.output, filename_prefix, context.metadata, look)
