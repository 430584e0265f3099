"""Models mixed with one another."""

from typing import Annotated

from nodeflow.node import Name, Range, node
from nodeflow.values import Clip, Model, Vae, foreseen

Ratio = Annotated[float, Range(0.0, 1.0, step=0.01)]
Multiplier = Annotated[float, Range(-10.0, 10.0, step=0.01)]


@node(
    "ModelMergeSimple", category="model/merging", store=False,
    infer=foreseen.mixed("MODEL", "model1", "model2"),
)  # fmt: skip
def model_merge_simple(model1: Model, model2: Model, ratio: Ratio = 1.0) -> Model:
    """A mixture of two models of one family.

    Args:
        model1: the first.
        model2: the second.
        ratio: share of the first; the rest is the second's.
    """
    from nodeflow.diffusion.merging.recipes import merged

    return merged(model1, model2, {"": (ratio, 1 - ratio)})


@node(
    "ModelMergeBlocks", category="model/merging", store=False,
    infer=foreseen.mixed("MODEL", "model1", "model2"),
)  # fmt: skip
def model_merge_blocks(
    model1: Model,
    model2: Model,
    input: Ratio = 1.0,
    middle: Ratio = 1.0,
    out: Ratio = 1.0,
) -> Model:
    """A mixture of two models with a share for the way down, the middle and the way up.

    Args:
        model1: the first.
        model2: the second.
        input: share of the first in the input blocks and in what belongs to no block.
        middle: share of the first in the middle block.
        out: share of the first in the output blocks.
    """
    from nodeflow.diffusion.merging.recipes import merged

    shares = {"": input, "input": input, "middle": middle, "out": out}
    return merged(model1, model2, {prefix: (r, 1 - r) for prefix, r in shares.items()})


@node(
    "ModelMergeAdd", category="model/merging", store=False,
    infer=foreseen.mixed("MODEL", "model1", "model2"),
)  # fmt: skip
def model_merge_add(model1: Model, model2: Model) -> Model:
    """The weights of two models added: a model and a difference of models.

    Args:
        model1: the first.
        model2: the second.
    """
    from nodeflow.diffusion.merging.recipes import merged

    return merged(model1, model2, {"": (1.0, 1.0)})


@node(
    "ModelMergeSubtract", category="model/merging", store=False,
    infer=foreseen.mixed("MODEL", "model1", "model2"),
)  # fmt: skip
def model_merge_subtract(model1: Model, model2: Model, multiplier: Multiplier = 1.0) -> Model:
    """The weights of the first model less those of the second.

    Args:
        model1: the first.
        model2: the second.
        multiplier: what the difference is multiplied by.
    """
    from nodeflow.diffusion.merging.recipes import merged

    return merged(model1, model2, {"": (multiplier, -multiplier)})


@node(
    "CLIPMergeSimple", category="model/merging", store=False,
    infer=foreseen.mixed("CLIP", "clip1", "clip2"),
)  # fmt: skip
def clip_merge_simple(clip1: Clip, clip2: Clip, ratio: Ratio = 1.0) -> Clip:
    """A mixture of two text encoders of one family.

    Args:
        clip1: the first.
        clip2: the second.
        ratio: share of the first; the rest is the second's.
    """
    from nodeflow.diffusion.merging.recipes import merged

    return merged(clip1, clip2, {"": (ratio, 1 - ratio)})


@node(
    "CLIPMergeAdd", category="model/merging", store=False,
    infer=foreseen.mixed("CLIP", "clip1", "clip2"),
)  # fmt: skip
def clip_merge_add(clip1: Clip, clip2: Clip) -> Clip:
    """The weights of two text encoders added.

    Args:
        clip1: the first.
        clip2: the second.
    """
    from nodeflow.diffusion.merging.recipes import merged

    return merged(clip1, clip2, {"": (1.0, 1.0)})


@node(
    "CLIPMergeSubtract", category="model/merging", store=False,
    infer=foreseen.mixed("CLIP", "clip1", "clip2"),
)  # fmt: skip
def clip_merge_subtract(clip1: Clip, clip2: Clip, multiplier: Multiplier = 1.0) -> Clip:
    """The weights of the first text encoder less those of the second.

    Args:
        clip1: the first.
        clip2: the second.
        multiplier: what the difference is multiplied by.
    """
    from nodeflow.diffusion.merging.recipes import merged

    return merged(clip1, clip2, {"": (multiplier, -multiplier)})


@node(
    "VAEMergeSimple", category="model/merging", store=False,
    infer=foreseen.mixed("VAE", "vae1", "vae2"),
)  # fmt: skip
def vae_merge_simple(vae1: Vae, vae2: Vae, ratio: Ratio = 1.0) -> Vae:
    """A mixture of two autoencoders whose latents mean the same.

    Args:
        vae1: the first.
        vae2: the second.
        ratio: share of the first; the rest is the second's.
    """
    from nodeflow.diffusion.merging.recipes import merged_vae

    return merged_vae(vae1, vae2, {"": (ratio, 1 - ratio)})


@node(
    "VAEMergeBlocks", category="model/merging", store=False,
    infer=foreseen.mixed("VAE", "vae1", "vae2"),
)  # fmt: skip
def vae_merge_blocks(vae1: Vae, vae2: Vae, encoder: Ratio = 1.0, decoder: Ratio = 1.0) -> Vae:
    """A mixture of two autoencoders with a share for each of their halves.

    Args:
        vae1: the first.
        vae2: the second.
        encoder: share of the first in the half that makes latents of pictures.
        decoder: share of the first in the half that makes pictures of latents.
    """
    from nodeflow.diffusion.merging.recipes import merged_vae

    halves = {"encoder.": encoder, "quant_conv.": encoder,
              "decoder.": decoder, "post_quant_conv.": decoder}  # fmt: skip
    return merged_vae(vae1, vae2, {prefix: (r, 1 - r) for prefix, r in halves.items()})


@node(
    "VAEMergeAdd", category="model/merging", store=False,
    infer=foreseen.mixed("VAE", "vae1", "vae2"),
)  # fmt: skip
def vae_merge_add(vae1: Vae, vae2: Vae) -> Vae:
    """The weights of two autoencoders added: one and a difference of two.

    Args:
        vae1: the first.
        vae2: the second.
    """
    from nodeflow.diffusion.merging.recipes import merged_vae

    return merged_vae(vae1, vae2, {"": (1.0, 1.0)})


@node(
    "VAEMergeSubtract", category="model/merging", store=False,
    infer=foreseen.mixed("VAE", "vae1", "vae2"),
)  # fmt: skip
def vae_merge_subtract(vae1: Vae, vae2: Vae, multiplier: Multiplier = 1.0) -> Vae:
    """The weights of the first autoencoder less those of the second.

    Args:
        vae1: the first.
        vae2: the second.
        multiplier: what the difference is multiplied by.
    """
    from nodeflow.diffusion.merging.recipes import merged_vae

    return merged_vae(vae1, vae2, {"": (multiplier, -multiplier)})


@node(
    "ModelMergeSDXL", category="model/merging", store=False,
    infer=foreseen.mixed("MODEL", "model1", "model2"),
)  # fmt: skip
def model_merge_sdxl(
    model1: Model,
    model2: Model,
    time_embed: Annotated[Ratio, Name("time_embed.")] = 1.0,
    label_emb: Annotated[Ratio, Name("label_emb.")] = 1.0,
    input_blocks_0: Annotated[Ratio, Name("input_blocks.0")] = 1.0,
    input_blocks_1: Annotated[Ratio, Name("input_blocks.1")] = 1.0,
    input_blocks_2: Annotated[Ratio, Name("input_blocks.2")] = 1.0,
    input_blocks_3: Annotated[Ratio, Name("input_blocks.3")] = 1.0,
    input_blocks_4: Annotated[Ratio, Name("input_blocks.4")] = 1.0,
    input_blocks_5: Annotated[Ratio, Name("input_blocks.5")] = 1.0,
    input_blocks_6: Annotated[Ratio, Name("input_blocks.6")] = 1.0,
    input_blocks_7: Annotated[Ratio, Name("input_blocks.7")] = 1.0,
    input_blocks_8: Annotated[Ratio, Name("input_blocks.8")] = 1.0,
    middle_block_0: Annotated[Ratio, Name("middle_block.0")] = 1.0,
    middle_block_1: Annotated[Ratio, Name("middle_block.1")] = 1.0,
    middle_block_2: Annotated[Ratio, Name("middle_block.2")] = 1.0,
    output_blocks_0: Annotated[Ratio, Name("output_blocks.0")] = 1.0,
    output_blocks_1: Annotated[Ratio, Name("output_blocks.1")] = 1.0,
    output_blocks_2: Annotated[Ratio, Name("output_blocks.2")] = 1.0,
    output_blocks_3: Annotated[Ratio, Name("output_blocks.3")] = 1.0,
    output_blocks_4: Annotated[Ratio, Name("output_blocks.4")] = 1.0,
    output_blocks_5: Annotated[Ratio, Name("output_blocks.5")] = 1.0,
    output_blocks_6: Annotated[Ratio, Name("output_blocks.6")] = 1.0,
    output_blocks_7: Annotated[Ratio, Name("output_blocks.7")] = 1.0,
    output_blocks_8: Annotated[Ratio, Name("output_blocks.8")] = 1.0,
    out: Annotated[Ratio, Name("out.")] = 1.0,
) -> Model:
    """A mixture of two SDXL models with a share of the first for every block.

    Args:
        model1: the first.
        model2: the second.
        time_embed: share of the first in the embedding of the time.
        label_emb: share of the first in the embedding of sizes and pooled text.
        input_blocks_0: share of the first there.
        input_blocks_1: share of the first there.
        input_blocks_2: share of the first there.
        input_blocks_3: share of the first there.
        input_blocks_4: share of the first there.
        input_blocks_5: share of the first there.
        input_blocks_6: share of the first there.
        input_blocks_7: share of the first there.
        input_blocks_8: share of the first there.
        middle_block_0: share of the first there.
        middle_block_1: share of the first there.
        middle_block_2: share of the first there.
        output_blocks_0: share of the first there.
        output_blocks_1: share of the first there.
        output_blocks_2: share of the first there.
        output_blocks_3: share of the first there.
        output_blocks_4: share of the first there.
        output_blocks_5: share of the first there.
        output_blocks_6: share of the first there.
        output_blocks_7: share of the first there.
        output_blocks_8: share of the first there.
        out: share of the first in the last layers.
    """
    from nodeflow.diffusion.merging.recipes import merged

    down = (
        input_blocks_0, input_blocks_1, input_blocks_2, input_blocks_3, input_blocks_4,
        input_blocks_5, input_blocks_6, input_blocks_7, input_blocks_8,
    )  # fmt: skip
    middle = middle_block_0, middle_block_1, middle_block_2
    up = (
        output_blocks_0, output_blocks_1, output_blocks_2, output_blocks_3, output_blocks_4,
        output_blocks_5, output_blocks_6, output_blocks_7, output_blocks_8,
    )  # fmt: skip
    ratios = {"time_embed.": time_embed, "label_emb.": label_emb, "out.": out}
    for stem, values in (("input_blocks", down), ("middle_block", middle), ("output_blocks", up)):
        ratios |= {f"{stem}.{i}.": value for i, value in enumerate(values)}
    return merged(model1, model2, {prefix: (r, 1 - r) for prefix, r in ratios.items()})
