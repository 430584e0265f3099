"""A UNet's sizes, from the shapes of its weights or the metadata."""

from collections.abc import Iterator

from nodeflow.diffusion.checkpoint.header import CheckpointError, Header
from nodeflow.diffusion.checkpoint.layout import Naming, Place
from nodeflow.diffusion.checkpoint.metadata import stored_config
from nodeflow.diffusion.checkpoint.shapes import either, numbered, shape
from nodeflow.diffusion.checkpoint.sizes import check_unet
from nodeflow.diffusion.unet.config import Depth, UNetConfig, gathered

CLIP_L_WIDTH = 768


def heads_of(widths: tuple[int, ...], context: int, classes: int | None) -> tuple[int, ...]:
    """Not visible in shapes: SD1 and the upscaler have 8 a level, all others 64 channels each."""
    if context == CLIP_L_WIDTH or classes is not None:
        return (8,) * len(widths)
    return tuple(max(1, width // 64) for width in widths)


def _transformers(header: Header, prefix: str) -> Iterator[tuple[str, int, int, bool]]:
    """(attention module, its width, the context's width, whether the first is over text too)."""
    end = ".transformer_blocks.0.attn2.to_k.weight"
    for name, info in header.tensors.items():
        if name.startswith(prefix) and name.endswith(end) and len(info.shape) == 2:
            stem = name.removesuffix(end)
            first = header.shape(f"{stem}.transformer_blocks.0.attn1.to_k.weight") or info.shape
            crossed = len(first) == 2 and first[1] == info.shape[1] != info.shape[0]
            yield stem.removeprefix(prefix), info.shape[0], info.shape[1], crossed


def _projected(header: Header, prefix: str) -> bool:
    return any(
        name.startswith(prefix) and name.endswith(".proj_in.weight") and len(info.shape) == 2
        for name, info in header.tensors.items()
    )


def _context(header: Header, prefix: str) -> int:
    return next((context for _, _, context, _ in _transformers(header, prefix)), 0)


def _depths(per_layer: list[list[int]]) -> tuple[Depth, ...]:
    return tuple(gathered(tuple(depths)) for depths in per_layer)


def _sides(down: list[list[int]], up: list[list[int]]) -> tuple[Depth, ...] | None:
    """The way up's depths, or None where they mirror the way down's."""
    mirrored = [[*depths[::-1], depths[0]] for depths in down]
    return None if mirrored == up else _depths(up)


def unet_config(header: Header, place: Place, encoder: bool = False) -> UNetConfig:
    """The UNet's sizes. Raises CheckpointError where its shapes make no UNet.

    encoder: the file has only what control nets have, the way down and the middle.
    """
    stored = stored_config(UNetConfig, header.metadata, "nodeflow.unet")
    if stored is not None:
        return check_unet(stored)
    try:
        config = (_from_ldm if place.naming is Naming.LDM else _from_diffusers)(
            header, place.prefix, encoder
        )
    except IndexError:
        raise CheckpointError("its UNet has a level without layers") from None
    return check_unet(config)


def _from_ldm(header: Header, prefix: str, encoder: bool) -> UNetConfig:
    first = shape(header, f"{prefix}input_blocks.0.0.weight", 4)
    widths, down = [first[0]], [[]]  # type: tuple[list[int], list[list[int]]]
    for number in range(1, numbered(header, f"{prefix}input_blocks.")):
        stem = f"{prefix}input_blocks.{number}."
        if f"{stem}0.op.weight" in header.tensors:
            widths.append(widths[-1])
            down.append([])
            continue
        widths[-1] = shape(header, f"{stem}0.out_layers.3.weight", 4)[0]
        down[-1].append(numbered(header, f"{stem}1.transformer_blocks."))
    layers = len(down[0])
    above = [
        numbered(header, f"{prefix}output_blocks.{number}.1.transformer_blocks.")
        for number in range(len(widths) * (layers + 1))
    ]
    up = [above[i * (layers + 1) : (i + 1) * (layers + 1)] for i in range(len(widths))][::-1]
    middle = f"{prefix}middle_block."
    resnets = sum(f"{middle}{i}.in_layers.0.weight" in header.tensors for i in range(3))
    classes = header.shape(f"{prefix}label_emb.weight")
    label = either(header, f"{prefix}label_emb.0.0.weight")
    context = _context(header, prefix)
    crossed = {width for stem, width, _, c in _transformers(header, f"{prefix}input_blocks.") if c}
    return UNetConfig(
        in_channels=first[1],
        out_channels=4 if encoder else shape(header, f"{prefix}out.2.weight", 4)[0],
        block_out_channels=tuple(widths),
        layers_per_block=layers,
        transformer_depth=_depths(down),
        up_transformer_depth=None if encoder else _sides(down, up),
        mid_depth=numbered(header, f"{middle}1.transformer_blocks."),
        mid_resnets=resnets,
        heads=heads_of(tuple(widths), context, classes[0] if classes else None),
        context_width=context,
        linear_projection=_projected(header, prefix),
        label_width=label[1] if label and len(label) == 2 else None,
        label_classes=classes[0] if classes else None,
        cross_only=_crossed_levels(tuple(widths), down, crossed),
    )


def _crossed_levels(
    widths: tuple[int, ...], down: list[list[int]], crossed: set[int]
) -> tuple[bool, ...]:
    levels = tuple(
        any(depths) and width in crossed for width, depths in zip(widths, down, strict=True)
    )
    return levels if any(levels) else ()


def _from_diffusers(header: Header, prefix: str, encoder: bool) -> UNetConfig:
    first = shape(header, f"{prefix}conv_in.weight", 4)
    levels = numbered(header, f"{prefix}down_blocks.")
    widths, down, up = [], [], []  # type: tuple[list[int], list[list[int]], list[list[int]]]
    for level in range(levels):
        stem = f"{prefix}down_blocks.{level}."
        widths.append(shape(header, f"{stem}resnets.0.conv1.weight", 4)[0])
        down.append(_attention_depths(header, stem))
        up.append(_attention_depths(header, f"{prefix}up_blocks.{levels - 1 - level}."))
    context = _context(header, prefix)
    classes = header.shape(f"{prefix}class_embedding.weight")
    label = either(
        header,
        f"{prefix}add_embedding.linear_1.weight",
        f"{prefix}class_embedding.linear_1.weight",
    )
    crossed = {width for _, width, _, c in _transformers(header, f"{prefix}down_blocks.") if c}
    return UNetConfig(
        in_channels=first[1],
        out_channels=4 if encoder else shape(header, f"{prefix}conv_out.weight", 4)[0],
        block_out_channels=tuple(widths),
        layers_per_block=len(down[0]),
        transformer_depth=_depths(down),
        up_transformer_depth=None if encoder else _sides(down, up),
        mid_depth=numbered(header, f"{prefix}mid_block.attentions.0.transformer_blocks."),
        mid_resnets=numbered(header, f"{prefix}mid_block.resnets."),
        heads=heads_of(tuple(widths), context, classes[0] if classes else None),
        context_width=context,
        linear_projection=_projected(header, prefix),
        label_width=label[1] if label and len(label) == 2 else None,
        label_classes=classes[0] if classes else None,
        cross_only=_crossed_levels(tuple(widths), down, crossed),
    )


def _attention_depths(header: Header, stem: str) -> list[int]:
    return [
        numbered(header, f"{stem}attentions.{layer}.transformer_blocks.")
        for layer in range(numbered(header, f"{stem}resnets."))
    ]
