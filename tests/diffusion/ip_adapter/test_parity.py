"""IP-Adapters against diffusers' own, in a UNet with random weights."""

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from nodeflow.diffusion.guidance.rows import PictureRows, Rows
from nodeflow.diffusion.ip_adapter.load import load_ip_adapter
from nodeflow.diffusion.ip_adapter.network import IPAdapter
from nodeflow.diffusion.ip_adapter.see import tokens
from nodeflow.diffusion.recipe import WeightsFile
from nodeflow.diffusion.sampling.pictures import Pictures
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.interventions import Interventions
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.unet.places import attention_places
from tests.diffusion.closeness import relative_l2
from tests.diffusion.ip_adapter.published import attention, full, plain, plus
from tests.diffusion.published import Shapes

SMALL = UNetConfig(
    block_out_channels=(32, 64), layers_per_block=2, transformer_depth=(1, 2), mid_depth=2,
    heads=(4, 4), context_width=48,
)  # fmt: skip
SD1 = UNetConfig(
    block_out_channels=(320, 640), layers_per_block=1, transformer_depth=(1, 1), heads=(8, 8)
)  # fmt: skip
SDXL = UNetConfig(
    block_out_channels=(320, 640), layers_per_block=1, transformer_depth=(0, 2), mid_depth=2,
    heads=(5, 10), context_width=2048, linear_projection=True,
)  # fmt: skip
PROJECTIONS: dict[str, tuple[UNetConfig, Shapes]] = {
    "small plain": (SMALL, plain(24, 48)),
    "small plus": (SMALL, plus(40, 32, 48, heads=3)),
    "small full": (SMALL, full(40, 48)),
    "ip-adapter_sd15": (SD1, plain(1024, 768)),
    "ip-adapter-plus_sd15": (SD1, plus(1280, 768, 768)),
    "ip-adapter-full-face_sd15": (SD1, full(1280, 768)),
    "ip-adapter_sdxl": (SDXL, plain(1280, 2048)),
    "ip-adapter-plus_sdxl_vit-h": (SDXL, plus(1280, 1280, 2048)),
}


def unets(config: UNetConfig) -> tuple[UNet2DConditionModel, Any]:
    """Ours and diffusers' with the same random weights."""
    torch.manual_seed(0)
    depths = [max(depth, 1) for depth in config.transformer_depth]  # type: ignore[type-var]
    attends = [bool(depth) for depth in config.transformer_depth]
    theirs = diffusers.UNet2DConditionModel(
        block_out_channels=config.block_out_channels,
        layers_per_block=config.layers_per_block,
        down_block_types=["CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attends],
        up_block_types=["CrossAttnUpBlock2D" if a else "UpBlock2D" for a in attends[::-1]],
        attention_head_dim=list(config.heads),
        cross_attention_dim=config.context_width,
        transformer_layers_per_block=depths,
        use_linear_projection=config.linear_projection,
        norm_num_groups=config.norm_groups,
    ).eval()
    ours = UNet2DConditionModel(config).eval()
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def weights(config: UNetConfig, projection: Shapes, seed: int = 1) -> dict[str, Tensor]:
    """A file of the authors' layout with random weights."""
    made = torch.Generator().manual_seed(seed)
    layers = attention(tuple(attention_places(config).values()), config.context_width)
    found = {}
    for name, shape in {**projection, **layers}.items():
        drawn = torch.randn(shape, generator=made)
        normed = "norm" in name or name.endswith(("1.0.weight", "proj.3.weight"))
        if normed and name.endswith("weight"):
            found[name] = 1 + 0.2 * drawn
        else:
            found[name] = drawn * (shape[-1] ** -0.5 if len(shape) > 1 else 0.2)
    return found


def nested(tensors: dict[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """As diffusers takes it."""
    parts: dict[str, dict[str, Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        parts[part][rest] = tensor
    return parts


def features(adapter: IPAdapter, pictures: int, seed: int = 2) -> Tensor:
    """What an image encoder might see in pictures."""
    made = torch.Generator().manual_seed(seed)
    seen = adapter.config.seen
    if adapter.config.resampler is None and adapter.config.tokens > 1:
        return torch.randn(pictures, seen, generator=made)
    return torch.randn(pictures, 17, seen, generator=made)


def saved(tensors: dict[str, Tensor], path: Path) -> IPAdapter:
    save_file(tensors, path)
    return load_ip_adapter(path, torch.float32, "cpu")


def shown(
    unet: UNet2DConditionModel,
    given: list[tuple[IPAdapter, PictureRows]],
    x: Tensor,
    t: Tensor,
    text: Tensor,
) -> Tensor:
    """Our UNet looking at pictures."""
    places = attention_places(unet.config)
    layers = {r.adapter: dict(zip(places, a.layers, strict=True)) for a, r in given}
    rows = Rows(x, 1.0, text, pictures=tuple(r for _, r in given))
    looks = Pictures(layers.__getitem__).attention([rows], x, None)
    return unet(x, t, text, None, Interventions(cross_attention=looks))  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", PROJECTIONS)
def test_against_diffusers(name: str, tmp_path: Path) -> None:
    config, projection = PROJECTIONS[name]
    ours, theirs = unets(config)
    tensors = weights(config, projection)
    adapter = saved(tensors, tmp_path / "a.safetensors")
    made = torch.Generator().manual_seed(3)
    x = torch.randn(1, 4, 8, 16, generator=made)
    text = torch.randn(1, 7, config.context_width, generator=made)
    t = torch.tensor([700.0])
    seen = features(adapter, 2)
    row = PictureRows(WeightsFile("a", "a"), 0.6, tokens(adapter, seen), None)
    with torch.no_grad():
        plainly = theirs(x, t, text).sample
        theirs._load_ip_adapter_weights([nested(tensors)])
        for processor in theirs.attn_processors.values():
            if hasattr(processor, "scale"):
                processor.scale = [0.6]
        wanted = theirs(x, t, text, added_cond_kwargs={"image_embeds": [seen[None]]}).sample
        found = shown(ours, [(adapter, row)], x, t, text)
    assert relative_l2(found, wanted) < 1e-5
    assert relative_l2(plainly, wanted) > 1e-3


def test_several_with_masks(tmp_path: Path) -> None:
    ours, theirs = unets(SMALL)
    one, two = weights(SMALL, plain(24, 48)), weights(SMALL, plus(40, 32, 48, heads=1), seed=5)
    adapters = [
        saved(tensors, tmp_path / f"{n}.safetensors") for n, tensors in enumerate((one, two))
    ]
    made = torch.Generator().manual_seed(3)
    x = torch.randn(2, 4, 8, 16, generator=made)
    text, t = torch.randn(2, 7, 48, generator=made), torch.tensor([700.0, 20.0])
    left = torch.zeros(1, 1, 8, 16)
    left[..., :8] = 1
    seen = [features(adapter, 1) for adapter in adapters]
    rows = [
        PictureRows(WeightsFile(str(n), str(n)), weight, tokens(adapter, s), mask)
        for n, (adapter, s, weight, mask) in enumerate(
            zip(adapters, seen, (0.6, 1.2), (left, 1 - left), strict=True)
        )
    ]
    with torch.no_grad():
        theirs._load_ip_adapter_weights([nested(one), nested(two)])
        for processor in theirs.attn_processors.values():
            if hasattr(processor, "scale"):
                processor.scale = [0.6, 1.2]
        masks = [mask.repeat_interleave(8, 2).repeat_interleave(8, 3) for mask in (left, 1 - left)]
        wanted = theirs(
            x, t, text,
            added_cond_kwargs={"image_embeds": [torch.stack([s, s]) for s in seen]},
            cross_attention_kwargs={"ip_adapter_masks": masks},
        ).sample  # fmt: skip
        found = shown(ours, list(zip(adapters, rows, strict=True)), x, t, text)
    assert relative_l2(found, wanted) < 1e-5
