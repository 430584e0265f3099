"""Names and shapes of the published IP-Adapter files (h94/IP-Adapter on the Hugging Face hub), as
the authors' code builds their modules; independent of ours."""

from tests.diffusion.published import Shapes, both

SD1_LAYERS = (320,) * 2 + (640,) * 2 + (1280,) * 5 + (640,) * 3 + (320,) * 3 + (1280,)
SDXL_LAYERS = (640,) * 4 + (1280,) * 20 + (1280,) * 30 + (640,) * 6 + (1280,) * 10


def attention(layers: tuple[int, ...], context: int) -> Shapes:
    """`ip_adapter`: each second attention processor."""
    return {
        f"ip_adapter.{2 * index + 1}.{part}.weight": (width, context)
        for index, width in enumerate(layers)
        for part in ("to_k_ip", "to_v_ip")
    }


def plain(seen: int, context: int, tokens: int = 4) -> Shapes:
    """`ImageProjModel`."""
    s: Shapes = {}
    both(s, "image_proj.proj", tokens * context, seen)
    both(s, "image_proj.norm", context)
    return s


def plus(seen: int, width: int, context: int, depth: int = 4, heads: int | None = None) -> Shapes:
    """`Resampler`."""
    inner = 64 * heads if heads else width
    s: Shapes = {"image_proj.latents": (1, 16, width)}
    both(s, "image_proj.proj_in", width, seen)
    both(s, "image_proj.proj_out", context, width)
    both(s, "image_proj.norm_out", context)
    for i in range(depth):
        attn, mlp = f"image_proj.layers.{i}.0", f"image_proj.layers.{i}.1"
        both(s, f"{attn}.norm1", width)
        both(s, f"{attn}.norm2", width)
        s[f"{attn}.to_q.weight"] = (inner, width)
        s[f"{attn}.to_kv.weight"] = (2 * inner, width)
        s[f"{attn}.to_out.weight"] = (width, inner)
        both(s, f"{mlp}.0", width)
        s[f"{mlp}.1.weight"] = (4 * width, width)
        s[f"{mlp}.3.weight"] = (width, 4 * width)
    return s


def full(seen: int, context: int) -> Shapes:
    """`MLPProjModel`."""
    s: Shapes = {}
    both(s, "image_proj.proj.0", seen, seen)
    both(s, "image_proj.proj.2", context, seen)
    both(s, "image_proj.proj.3", context)
    return s


SD1, SDXL = attention(SD1_LAYERS, 768), attention(SDXL_LAYERS, 2048)
FILES: dict[str, Shapes] = {
    "ip-adapter_sd15": {**plain(1024, 768), **SD1},
    "ip-adapter-plus_sd15": {**plus(1280, 768, 768), **SD1},
    "ip-adapter-plus-face_sd15": {**plus(1280, 768, 768), **SD1},
    "ip-adapter-full-face_sd15": {**full(1280, 768), **SD1},
    "ip-adapter_sdxl": {**plain(1280, 2048), **SDXL},
    "ip-adapter_sdxl_vit-h": {**plain(1024, 2048), **SDXL},
    "ip-adapter-plus_sdxl_vit-h": {**plus(1280, 1280, 2048), **SDXL},
    "ip-adapter-plus-face_sdxl_vit-h": {**plus(1280, 1280, 2048), **SDXL},
}
