"""Names and shapes of the published control nets, Control-LoRAs and T2I adapters, as their authors'
code builds the modules; independent of ours."""

from tests.diffusion.published import SDXL, LdmUNet, Shapes, both, ldm_unet

UNETS = {"SD1": LdmUNet(), "SDXL": LdmUNet(**SDXL)}  # type: ignore[arg-type]
SKIPS = {
    "SD1": (320,) * 4 + (640,) * 3 + (1280,) * 5, "SDXL": (320,) * 4 + (640,) * 3 + (1280,) * 2,
}  # fmt: skip
HINT = ((3, 16), (16, 16), (16, 32), (32, 32), (32, 96), (96, 96), (96, 256), (256, 320))


def encoder(family: str) -> Shapes:
    """The half of `UNetModel` that `ControlNet` copies."""
    halves = ("time_embed.", "label_emb.", "input_blocks.", "middle_block.")
    return {n: s for n, s in ldm_unet(UNETS[family]).items() if n.startswith(halves)}


def own_parts(family: str) -> Shapes:
    """What `cldm.ControlNet` has beside it."""
    s: Shapes = {}
    for number, (into, out) in enumerate(HINT):
        both(s, f"input_hint_block.{2 * number}", out, into, 3, 3)
    for number, width in enumerate(SKIPS[family]):
        both(s, f"zero_convs.{number}.0", width, width, 1, 1)
    both(s, "middle_block_out.0", 1280, 1280, 1, 1)
    return s


def control_net(family: str, prefix: str = "control_model.") -> Shapes:
    """`control_v11p_sd15_…` with its prefix, or one for SDXL."""
    return {prefix + n: s for n, s in {**encoder(family), **own_parts(family)}.items()}


def union_control_net(types: int = 6) -> Shapes:
    """`controlnet-union-sdxl-1.0`'s own modules in single-file names."""
    s = control_net("SDXL", "")
    s["task_embedding"] = (types, 320)
    s["transformer_layes.0.attn.in_proj_weight"] = (960, 320)
    s["transformer_layes.0.attn.in_proj_bias"] = (960,)
    both(s, "transformer_layes.0.attn.out_proj", 320, 320)
    both(s, "transformer_layes.0.ln_1", 320)
    both(s, "transformer_layes.0.mlp.c_fc", 1280, 320)
    both(s, "transformer_layes.0.mlp.c_proj", 320, 1280)
    both(s, "transformer_layes.0.ln_2", 320)
    both(s, "spatial_ch_projs", 320, 320)
    both(s, "control_add_embedding.linear_1", 1280, 256 * types)
    both(s, "control_add_embedding.linear_2", 1280, 1280)
    return s


def control_lora(rank: int = 256) -> Shapes:
    """`control-lora-…-rank256`: factors for matrices and kernels, the rest whole."""
    s: Shapes = {"lora_controlnet": ()}
    for name, shape in encoder("SDXL").items():
        if len(shape) < 2:
            s[name] = shape
            continue
        stem, least = name.removesuffix("weight"), min(rank, shape[0], shape[1])
        s[f"{stem}up"] = (shape[0], least, *[1] * (len(shape) - 2))
        s[f"{stem}down"] = (least, *shape[1:])
    return s | own_parts("SDXL")


def t2i_adapter(cells: int = 64, picture: int = 3) -> Shapes:
    """`t2iadapter_…_sd15v2` (64 pixels a cell), `t2i-adapter_…_sdxl` (256): two blocks a level."""
    s: Shapes = {}
    both(s, "conv_in", 320, cells * picture, 3, 3)
    width = 320
    for level, out in enumerate((320, 640, 1280, 1280)):
        for block in range(2):
            name = f"body.{2 * level + block}"
            if width != out:
                both(s, f"{name}.in_conv", out, width, 1, 1)
            both(s, f"{name}.block1", out, out, 3, 3)
            both(s, f"{name}.block2", out, out, 1, 1)
            width = out
    return s
