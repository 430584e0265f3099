"""The other families' networks at published widths against diffusers and transformers, fp32.

Random weights, relative L2 below 1e-5. SDXL and the refiner are compared with one transformer
block where the published ones have up to ten; `full` compares the whole SDXL UNet.
"""

from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel as ReferenceUNet
from safetensors.torch import save_file
from transformers import (
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from nodeflow.diffusion.checkpoint.load import load_text, load_vision
from nodeflow.diffusion.recipe import FamilyName, Tower
from nodeflow.diffusion.text.encode import encode_prompt
from nodeflow.diffusion.text.encoders import TextEncoders
from nodeflow.diffusion.text.tokenizer import END, START
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.unet.timestep import timestep_features
from nodeflow.diffusion.vision.transformer import ClipVisionTransformer
from tests.diffusion.closeness import relative_l2

CROSS, PLAIN = "CrossAttnDownBlock2D", "DownBlock2D"


def reference_unet(config: UNetConfig, **more: object) -> ReferenceUNet:
    """diffusers' UNet of the same sizes."""
    down = [CROSS if depth else PLAIN for depth in config.transformer_depth]
    up = [kind.replace("Down", "Up") for kind in reversed(down)]
    return ReferenceUNet(
        in_channels=config.in_channels,
        block_out_channels=config.block_out_channels,
        layers_per_block=config.layers_per_block,
        cross_attention_dim=config.context_width,
        down_block_types=down,
        up_block_types=up,
        transformer_layers_per_block=[d or 1 for d in config.transformer_depth],
        attention_head_dim=config.heads,
        use_linear_projection=config.linear_projection,
        norm_num_groups=config.norm_groups,
        **more,
    ).eval()


TEXT_TIME = {"addition_embed_type": "text_time", "addition_time_embed_dim": 256}
SD2 = UNetConfig(heads=(5, 10, 20, 20), context_width=1024, linear_projection=True)


def sdxl(depths: tuple[int, int, int] = (0, 1, 1)) -> UNetConfig:
    """SDXL's widths."""
    return UNetConfig(
        block_out_channels=(320, 640, 1280), transformer_depth=depths, mid_depth=depths[-1],
        heads=(5, 10, 20), context_width=2048, linear_projection=True, label_width=2816,
    )  # fmt: skip


def refiner() -> UNetConfig:
    """The refiner's widths, one transformer block for four."""
    return UNetConfig(
        block_out_channels=(384, 768, 1536, 1536), transformer_depth=(0, 1, 1, 0), mid_depth=1,
        heads=(6, 12, 24, 24), context_width=1280, linear_projection=True, label_width=2560,
    )  # fmt: skip


def labelled(reference: ReferenceUNet, config: UNetConfig, sizes: int, side: int) -> float:
    """Relative L2 of one pass with pooled text and `sizes` numbers beside the time."""
    with torch.device("meta"):
        ours = UNet2DConditionModel(config).eval()
    ours.load_state_dict(reference.state_dict(), assign=True)
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(1, 4, side, side, generator=generator)
    context = torch.randn(1, 77, config.context_width, generator=generator)
    pooled = torch.randn(1, 1280, generator=generator)
    numbers = torch.tensor([[1024.0, 768.0, 0.0, 8.0, 1024.0, 6.0][:sizes]])
    label = torch.cat([pooled, timestep_features(numbers.flatten(), 256).reshape(1, -1)], dim=1)
    more = {"text_embeds": pooled, "time_ids": numbers}
    t = torch.tensor([481.0])
    with torch.no_grad():
        wanted = reference(x, t, context, added_cond_kwargs=more).sample
        return relative_l2(ours(x, t, context, label), wanted)


@pytest.mark.heavy
def test_sd2_unet() -> None:
    torch.manual_seed(0)
    reference = reference_unet(SD2)
    with torch.device("meta"):
        ours = UNet2DConditionModel(SD2).eval()
    ours.load_state_dict(reference.state_dict(), assign=True)
    x, context, t = torch.randn(1, 4, 16, 16), torch.randn(1, 77, 1024), torch.tensor([481.0])
    with torch.no_grad():
        assert relative_l2(ours(x, t, context), reference(x, t, context).sample) < 1e-5


@pytest.mark.heavy
def test_sdxl_unet_at_published_width() -> None:
    torch.manual_seed(0)
    reference = reference_unet(sdxl(), projection_class_embeddings_input_dim=2816, **TEXT_TIME)
    assert labelled(reference, sdxl(), 6, 8) < 1e-5


@pytest.mark.heavy
def test_refiner_unet_at_published_width() -> None:
    torch.manual_seed(0)
    reference = reference_unet(refiner(), projection_class_embeddings_input_dim=2560, **TEXT_TIME)
    assert labelled(reference, refiner(), 5, 8) < 1e-5


@pytest.mark.full
def test_the_whole_sdxl_unet() -> None:
    torch.manual_seed(0)
    config = sdxl((0, 2, 10))
    reference = reference_unet(config, projection_class_embeddings_input_dim=2816, **TEXT_TIME)
    assert labelled(reference, config, 6, 16) < 1e-5


def test_upscaler_unet() -> None:
    torch.manual_seed(0)
    config = UNetConfig(
        in_channels=7, block_out_channels=(64, 128), layers_per_block=1, transformer_depth=(0, 1),
        heads=(8, 8), context_width=64, linear_projection=True, label_classes=20,
        cross_only=(False, True),
    )  # fmt: skip
    reference = reference_unet(
        config, num_class_embeds=20, only_cross_attention=(False, True),
        mid_block_only_cross_attention=False,
    )  # fmt: skip
    ours = UNet2DConditionModel(config).eval()
    ours.load_state_dict(reference.state_dict())
    x, context, t = torch.randn(2, 7, 8, 8), torch.randn(2, 9, 64), torch.tensor([7.0, 9.0])
    level = torch.tensor([3, 19])
    with torch.no_grad():
        wanted = reference(x, t, context, class_labels=level).sample
        assert relative_l2(ours(x, t, context, level), wanted) < 1e-5


def test_pruned_unet_as_diffusers_has_it() -> None:
    torch.manual_seed(0)
    reference = ReferenceUNet(
        block_out_channels=(32, 64), layers_per_block=1, cross_attention_dim=48,
        down_block_types=(PLAIN, CROSS), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=[1, 2], reverse_transformer_layers_per_block=[[3, 1], 1],
        attention_head_dim=(2, 4), norm_num_groups=8, use_linear_projection=True,
        mid_block_type="UNetMidBlock2D",
    ).eval()  # fmt: skip
    config = UNetConfig(
        block_out_channels=(32, 64), layers_per_block=1, transformer_depth=(0, 2),
        up_transformer_depth=(0, (3, 1)), mid_depth=0, mid_resnets=1, heads=(2, 4),
        context_width=48, linear_projection=True, norm_groups=8,
    )  # fmt: skip
    ours = UNet2DConditionModel(config).eval()
    ours.load_state_dict(reference.state_dict())
    x, context, t = torch.randn(1, 4, 8, 8), torch.randn(1, 9, 48), torch.tensor([7.0])
    with torch.no_grad():
        assert relative_l2(ours(x, t, context), reference(x, t, context).sample) < 1e-5


def as_openclip(weights: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """transformers' text tower written as open_clip writes it."""
    made: dict[str, torch.Tensor] = {}
    renamed = {
        "embeddings.token_embedding.weight": "token_embedding.weight",
        "embeddings.position_embedding.weight": "positional_embedding",
        "final_layer_norm.weight": "ln_final.weight",
        "final_layer_norm.bias": "ln_final.bias",
    }
    inner = {
        "self_attn.out_proj": "attn.out_proj", "layer_norm1": "ln_1", "layer_norm2": "ln_2",
        "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj",
    }  # fmt: skip
    fused: dict[str, list[torch.Tensor]] = {}
    for name, value in weights.items():
        short = name.removeprefix("text_model.")
        if short == "text_projection.weight":
            made[prefix + "text_projection"] = value.T.contiguous()
        elif short in renamed:
            made[prefix + renamed[short]] = value
        elif short.startswith("encoder.layers."):
            number, rest = short.removeprefix("encoder.layers.").split(".", 1)
            stem, kind = rest.rsplit(".", 1)
            block = f"{prefix}transformer.resblocks.{number}."
            if stem in inner:
                made[f"{block}{inner[stem]}.{kind}"] = value
            else:
                fused.setdefault(f"{block}attn.in_proj_{kind}", [value, value, value])[
                    ["q_proj", "k_proj", "v_proj"].index(stem.split(".")[1])
                ] = value
    return made | {name: torch.cat(parts) for name, parts in fused.items()}


def text_reference(
    width: int, layers: int, heads: int, projection: int
) -> CLIPTextModelWithProjection:
    """transformers' text tower with random weights."""
    torch.manual_seed(0)
    return CLIPTextModelWithProjection(
        CLIPTextConfig(
            vocab_size=49408, hidden_size=width, num_hidden_layers=layers,
            num_attention_heads=heads, intermediate_size=4 * width, hidden_act="gelu",
            projection_dim=projection, eos_token_id=END, bos_token_id=START, pad_token_id=0,
        )
    ).eval()  # fmt: skip


@pytest.mark.parametrize(
    ("tower", "prefix", "sizes"),
    [
        pytest.param(Tower.G, "conditioner.embedders.1.model.", (64, 3, 1, 48), id="small"),
        pytest.param(
            Tower.H, "cond_stage_model.model.", (1024, 24, 16, 1024),
            id="ViT-H/14", marks=pytest.mark.heavy,
        ),
        pytest.param(
            Tower.G, "conditioner.embedders.1.model.", (1280, 32, 20, 1280),
            id="ViT-bigG/14", marks=pytest.mark.heavy,
        ),
    ],
)  # fmt: skip
def test_openclip_text_tower(
    tower: Tower, prefix: str, sizes: tuple[int, int, int, int], tmp_path: Path
) -> None:
    reference = text_reference(*sizes)
    weights = {k: v for k, v in reference.state_dict().items() if "position_ids" not in k}
    save_file(as_openclip(weights, prefix), tmp_path / "x.safetensors")
    ours = load_text(tmp_path / "x.safetensors", torch.float32, "cpu", tower)
    tokens = torch.tensor([[START, 320, 736, END, *[0] * 73]])
    with torch.no_grad():
        wanted = reference(tokens, output_hidden_states=True)
        hidden = ours(tokens, layer=-2, final_norm=False)
        assert relative_l2(hidden, wanted.hidden_states[-2]) < 1e-5
        assert relative_l2(ours.pooled(ours(tokens), tokens), wanted.text_embeds) < 1e-5
    text = TextEncoders(FamilyName.REFINER, {tower: ours})
    (entry,) = encode_prompt(text, "a cat")
    assert entry.pooled is not None and entry.pooled.shape == (1, sizes[3])


@pytest.mark.parametrize(
    ("width", "layers", "heads", "inner", "act"),
    [
        pytest.param(64, 2, 1, 128, "quick_gelu", id="small"),
        pytest.param(1024, 24, 16, 4096, "quick_gelu", id="ViT-L/14", marks=pytest.mark.heavy),
        pytest.param(1280, 32, 16, 5120, "gelu", id="ViT-H/14", marks=pytest.mark.heavy),
    ],
)
def test_image_encoder(
    width: int, layers: int, heads: int, inner: int, act: str, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    reference = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
            intermediate_size=inner, hidden_act=act, projection_dim=48, patch_size=14,
        )
    ).eval()  # fmt: skip
    weights = {k: v for k, v in reference.state_dict().items() if "position_ids" not in k}
    save_file(weights, tmp_path / "x.safetensors")
    ours: ClipVisionTransformer = load_vision(tmp_path / "x.safetensors", torch.float32, "cpu")
    pixels = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        wanted = reference(pixels, output_hidden_states=True)
        found = ours(pixels)
    assert relative_l2(found.embedding, wanted.image_embeds) < 1e-5
    assert relative_l2(found.penultimate, wanted.hidden_states[-2]) < 1e-5
