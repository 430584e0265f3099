"""Names and shapes of published single files, built as the published code builds the modules.

From the configurations of CompVis/latent-diffusion, Stability-AI/stablediffusion and
Stability-AI/generative-models, block by block in the order in which `openaimodel.UNetModel` adds
them; independent of our modules and key maps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class LdmUNet:
    """The keys of a `unet_config` that shape its weights."""

    model_channels: int = 320
    channel_mult: tuple[int, ...] = (1, 2, 4, 4)
    res_blocks: int = 2
    in_channels: int = 4
    context: int = 768
    depth: tuple[int, ...] = (1, 1, 1, 0)
    middle: int = 1
    linear: bool = False
    adm: int | None = None
    classes: int | None = None
    cross_only: tuple[bool, ...] = (False, False, False, False)
    depth_up: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


def both(shapes: Shapes, name: str, *shape: int) -> None:
    """A weight and its bias."""
    shapes[f"{name}.weight"] = shape
    shapes[f"{name}.bias"] = shape[:1]


def resblock(s: Shapes, name: str, cin: int, cout: int, emb: int) -> None:
    """`ResBlock`."""
    both(s, f"{name}.in_layers.0", cin)
    both(s, f"{name}.in_layers.2", cout, cin, 3, 3)
    both(s, f"{name}.emb_layers.1", cout, emb)
    both(s, f"{name}.out_layers.0", cout)
    both(s, f"{name}.out_layers.3", cout, cout, 3, 3)
    if cin != cout:
        both(s, f"{name}.skip_connection", cout, cin, 1, 1)


def transformer(
    s: Shapes, name: str, width: int, context: int, depth: int, linear: bool, cross_only: bool
) -> None:
    """`SpatialTransformer`."""
    square = (width, width) if linear else (width, width, 1, 1)
    both(s, f"{name}.norm", width)
    both(s, f"{name}.proj_in", *square)
    both(s, f"{name}.proj_out", *square)
    for i in range(depth):
        block = f"{name}.transformer_blocks.{i}"
        for attn, source in (("attn1", context if cross_only else width), ("attn2", context)):
            s[f"{block}.{attn}.to_q.weight"] = (width, width)
            s[f"{block}.{attn}.to_k.weight"] = (width, source)
            s[f"{block}.{attn}.to_v.weight"] = (width, source)
            both(s, f"{block}.{attn}.to_out.0", width, width)
        both(s, f"{block}.ff.net.0.proj", 8 * width, width)
        both(s, f"{block}.ff.net.2", width, 4 * width)
        for norm in ("norm1", "norm2", "norm3"):
            both(s, f"{block}.{norm}", width)


def ldm_unet(c: LdmUNet) -> Shapes:
    """`UNetModel`, without its prefix."""
    s: Shapes = {}
    base, emb = c.model_channels, 4 * c.model_channels
    both(s, "time_embed.0", emb, base)
    both(s, "time_embed.2", emb, emb)
    if c.adm is not None:
        both(s, "label_emb.0.0", emb, c.adm)
        both(s, "label_emb.0.2", emb, emb)
    if c.classes is not None:
        s["label_emb.weight"] = (c.classes, emb)
    both(s, "input_blocks.0.0", base, c.in_channels, 3, 3)
    skips, width, number = [base], base, 1
    for level, mult in enumerate(c.channel_mult):
        for _ in range(c.res_blocks):
            resblock(s, f"input_blocks.{number}.0", width, mult * base, emb)
            width = mult * base
            if c.depth[level]:
                transformer(
                    s, f"input_blocks.{number}.1", width, c.context, c.depth[level], c.linear,
                    c.cross_only[level],
                )  # fmt: skip
            skips.append(width)
            number += 1
        if level < len(c.channel_mult) - 1:
            both(s, f"input_blocks.{number}.0.op", width, width, 3, 3)
            skips.append(width)
            number += 1
    resblock(s, "middle_block.0", width, width, emb)
    if c.middle >= 0:
        transformer(s, "middle_block.1", width, c.context, c.middle, c.linear, False)
        resblock(s, "middle_block.2", width, width, emb)
    number = 0
    for level in reversed(range(len(c.channel_mult))):
        depths = c.depth_up.get(level, (c.depth[level],) * (c.res_blocks + 1))
        for i, depth in enumerate(depths):
            cout = c.channel_mult[level] * base
            resblock(s, f"output_blocks.{number}.0", width + skips.pop(), cout, emb)
            width, at = cout, 1
            if depth:
                transformer(
                    s, f"output_blocks.{number}.1", width, c.context, depth, c.linear,
                    c.cross_only[level],
                )  # fmt: skip
                at = 2
            if level and i == c.res_blocks:
                both(s, f"output_blocks.{number}.{at}.conv", width, width, 3, 3)
            number += 1
    both(s, "out.0", base)
    both(s, "out.2", 4, base, 3, 3)
    return s


def ldm_vae(mult: tuple[int, ...] = (1, 2, 4, 4), base: int = 128, latent: int = 4) -> Shapes:
    """`AutoencoderKL`, without its prefix."""
    s: Shapes = {}

    def block(name: str, cin: int, cout: int) -> None:
        both(s, f"{name}.norm1", cin)
        both(s, f"{name}.conv1", cout, cin, 3, 3)
        both(s, f"{name}.norm2", cout)
        both(s, f"{name}.conv2", cout, cout, 3, 3)
        if cin != cout:
            both(s, f"{name}.nin_shortcut", cout, cin, 1, 1)

    def middle(name: str, width: int) -> None:
        block(f"{name}.mid.block_1", width, width)
        both(s, f"{name}.mid.attn_1.norm", width)
        for part in ("q", "k", "v", "proj_out"):
            both(s, f"{name}.mid.attn_1.{part}", width, width, 1, 1)
        block(f"{name}.mid.block_2", width, width)

    last, width = mult[-1] * base, base
    both(s, "encoder.conv_in", base, 3, 3, 3)
    for level, m in enumerate(mult):
        for i in range(2):
            block(f"encoder.down.{level}.block.{i}", width, m * base)
            width = m * base
        if level < len(mult) - 1:
            both(s, f"encoder.down.{level}.downsample.conv", width, width, 3, 3)
    middle("encoder", last)
    both(s, "encoder.norm_out", last)
    both(s, "encoder.conv_out", 2 * latent, last, 3, 3)
    both(s, "decoder.conv_in", last, latent, 3, 3)
    middle("decoder", last)
    width = last
    for level in reversed(range(len(mult))):
        for i in range(3):
            block(f"decoder.up.{level}.block.{i}", width, mult[level] * base)
            width = mult[level] * base
        if level:
            both(s, f"decoder.up.{level}.upsample.conv", width, width, 3, 3)
    both(s, "decoder.norm_out", base)
    both(s, "decoder.conv_out", 3, base, 3, 3)
    both(s, "quant_conv", 2 * latent, 2 * latent, 1, 1)
    both(s, "post_quant_conv", latent, latent, 1, 1)
    return s


def hf_text(width: int = 768, layers: int = 12) -> Shapes:
    """transformers' `CLIPTextModel`, with the buffer that older files have."""
    s: Shapes = {"text_model.embeddings.position_ids": (1, 77)}
    s["text_model.embeddings.token_embedding.weight"] = (49408, width)
    s["text_model.embeddings.position_embedding.weight"] = (77, width)
    for i in range(layers):
        name = f"text_model.encoder.layers.{i}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            both(s, f"{name}.self_attn.{part}", width, width)
        both(s, f"{name}.mlp.fc1", 4 * width, width)
        both(s, f"{name}.mlp.fc2", width, 4 * width)
        both(s, f"{name}.layer_norm1", width)
        both(s, f"{name}.layer_norm2", width)
    both(s, "text_model.final_layer_norm", width)
    return s


def resblocks(s: Shapes, width: int, inner: int, layers: int) -> None:
    """open_clip's `Transformer`."""
    for i in range(layers):
        name = f"transformer.resblocks.{i}"
        s[f"{name}.attn.in_proj_weight"] = (3 * width, width)
        s[f"{name}.attn.in_proj_bias"] = (3 * width,)
        both(s, f"{name}.attn.out_proj", width, width)
        both(s, f"{name}.ln_1", width)
        both(s, f"{name}.ln_2", width)
        both(s, f"{name}.mlp.c_fc", inner, width)
        both(s, f"{name}.mlp.c_proj", width, inner)


def openclip_text(width: int, layers: int, projection: int) -> Shapes:
    """open_clip's text tower, without the visual one."""
    s: Shapes = {"logit_scale": (), "text_projection": (width, projection)}
    s["positional_embedding"] = (77, width)
    s["token_embedding.weight"] = (49408, width)
    resblocks(s, width, 4 * width, layers)
    both(s, "ln_final", width)
    return s


def openclip_vision(width: int, inner: int, layers: int, projection: int) -> Shapes:
    """open_clip's `VisionTransformer` of 224 px in patches of 14."""
    s: Shapes = {"class_embedding": (width,), "proj": (width, projection)}
    s["positional_embedding"] = (257, width)
    s["conv1.weight"] = (width, 3, 14, 14)
    both(s, "ln_pre", width)
    both(s, "ln_post", width)
    resblocks(s, width, inner, layers)
    return s


def under(prefix: str, shapes: Shapes) -> Shapes:
    """All names with a prefix."""
    return {prefix + name: shape for name, shape in shapes.items()}


SD1_TEXT = under("cond_stage_model.transformer.", hf_text())
SD2_TEXT = under("cond_stage_model.model.", openclip_text(1024, 24, 1024))
SDXL_TEXT = {
    **under("conditioner.embedders.0.transformer.", hf_text()),
    **under("conditioner.embedders.1.model.", openclip_text(1280, 32, 1280)),
}
REFINER_TEXT = under("conditioner.embedders.0.model.", openclip_text(1280, 32, 1280))
SD2 = {"context": 1024, "linear": True}
SDXL = {
    "channel_mult": (1, 2, 4), "depth": (0, 2, 10), "middle": 10, "context": 2048, "linear": True,
    "adm": 2816,
}  # fmt: skip
REFINER = LdmUNet(384, depth=(0, 4, 4, 0), middle=4, context=1280, linear=True, adm=2560)
SSD_1B = {
    **SDXL, "depth": (0, 2, 4), "middle": -1, "depth_up": {2: (4, 4, 10), 1: (2, 1, 1)},
}  # fmt: skip
VEGA = {**SDXL, "depth": (0, 1, 2), "middle": -1}
UPSCALER = LdmUNet(
    256, (1, 2, 2, 4), in_channels=7, depth=(0, 1, 1, 1), classes=1000,
    cross_only=(False, True, True, False), **SD2,  # type: ignore[arg-type]
)  # fmt: skip
UNCLIP_VISION_L = {
    **under("embedder.model.visual.", openclip_vision(1024, 4096, 24, 768)),
    **under("embedder.model.", openclip_text(768, 12, 768)),
    "noise_augmentor.data_mean": (1, 768),
    "noise_augmentor.data_std": (1, 768),
}
UNCLIP_VISION = {
    **under("embedder.model.visual.", openclip_vision(1280, 5120, 32, 1024)),
    "noise_augmentor.data_mean": (1, 1024),
    "noise_augmentor.data_std": (1, 1024),
}


def whole(unet: LdmUNet, text: Shapes, vae: Shapes | None = None) -> Shapes:
    """A single file."""
    return {
        **under("model.diffusion_model.", ldm_unet(unet)),
        **under("first_stage_model.", vae or ldm_vae()),
        **text,
    }


def single_files() -> dict[str, Shapes]:
    """Every published kind of single file."""
    return {
        "SD1": whole(LdmUNet(), SD1_TEXT),
        "SD1 inpaint": whole(LdmUNet(in_channels=9), SD1_TEXT),
        "SD1 pix2pix": whole(LdmUNet(in_channels=8), SD1_TEXT),
        "SD2": whole(LdmUNet(**SD2), SD2_TEXT),  # type: ignore[arg-type]
        "SD2 inpaint": whole(LdmUNet(in_channels=9, **SD2), SD2_TEXT),  # type: ignore[arg-type]
        "SD2 depth": whole(LdmUNet(in_channels=5, **SD2), SD2_TEXT),  # type: ignore[arg-type]
        "SD2 unCLIP": {
            **whole(LdmUNet(adm=2048, **SD2), SD2_TEXT),  # type: ignore[arg-type]
            **UNCLIP_VISION,
        },
        "SD2 unCLIP L": {
            **whole(LdmUNet(adm=1536, **SD2), SD2_TEXT),  # type: ignore[arg-type]
            **UNCLIP_VISION_L,
        },
        "upscaler": whole(UPSCALER, SD2_TEXT, ldm_vae((1, 2, 4))),
        "SDXL": whole(LdmUNet(**SDXL), SDXL_TEXT),  # type: ignore[arg-type]
        "SDXL inpaint": whole(LdmUNet(in_channels=9, **SDXL), SDXL_TEXT),  # type: ignore[arg-type]
        "SDXL pix2pix": whole(LdmUNet(in_channels=8, **SDXL), SDXL_TEXT),  # type: ignore[arg-type]
        "SSD-1B": whole(LdmUNet(**SSD_1B), SDXL_TEXT),  # type: ignore[arg-type]
        "Vega": whole(LdmUNet(**VEGA), SDXL_TEXT),  # type: ignore[arg-type]
        "refiner": whole(REFINER, REFINER_TEXT),
    }
