"""Our networks against diffusers and transformers, random weights, fp32, relative L2 < 1e-5."""

from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL as ReferenceVAE
from diffusers import UNet2DConditionModel as ReferenceUNet
from transformers import CLIPTextConfig, CLIPTextModel

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.load import load_text, load_unet, load_vae
from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.checkpoint.pickled import VARIABLE
from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vae.config import VAEConfig
from nodeflow.diffusion.vae.model import AutoencoderKL
from tests.diffusion.closeness import relative_l2

SMALL_UNET = {
    "block_out_channels": (32, 64, 64),
    "layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    "cross_attention_dim": 48,
    "attention_head_dim": 4,
    "norm_num_groups": 8,
}
SMALL_OURS = UNetConfig(
    block_out_channels=(32, 64, 64), layers_per_block=1, transformer_depth=(1, 1, 0),
    heads=(4, 4, 4), context_width=48, norm_groups=8,
)  # fmt: skip


def compare_unets(reference: ReferenceUNet, ours: UNet2DConditionModel, side: int) -> float:
    """Relative L2 of one forward pass on a batch of two."""
    ours.load_state_dict(reference.state_dict())
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(2, 4, side, side, generator=generator)
    context = torch.randn(2, 77, ours.config.context_width, generator=generator)
    t = torch.tensor([3.0, 871.0])
    with torch.no_grad():
        return relative_l2(ours(x, t, context), reference(x, t, context).sample)


@pytest.mark.parametrize("linear", [False, True])
def test_small_unet(linear: bool) -> None:
    torch.manual_seed(0)
    reference = ReferenceUNet(**SMALL_UNET, use_linear_projection=linear)
    config = UNetConfig(**{**vars_of(SMALL_OURS), "linear_projection": linear})
    assert compare_unets(reference, UNet2DConditionModel(config), 12) < 1e-5


def vars_of(config: UNetConfig) -> dict[str, object]:
    """A slotted dataclass as a dict."""
    return {name: getattr(config, name) for name in config.__slots__}


def test_sdxl_shaped_unet_with_labels() -> None:
    torch.manual_seed(0)
    reference = ReferenceUNet(
        block_out_channels=(32, 64), layers_per_block=1, cross_attention_dim=48,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=[1, 3], attention_head_dim=(2, 4), norm_num_groups=8,
        use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=80,
    )  # fmt: skip
    ours = UNet2DConditionModel(
        UNetConfig(
            block_out_channels=(32, 64), layers_per_block=1, transformer_depth=(0, 3),
            mid_depth=3, heads=(2, 4), context_width=48, linear_projection=True, label_width=80,
            norm_groups=8,
        )
    )  # fmt: skip
    ours.load_state_dict(reference.state_dict())
    x, context = torch.randn(1, 4, 8, 8), torch.randn(1, 9, 48)
    pooled, sizes = torch.randn(1, 32), torch.tensor([[8.0, 8, 0, 0, 8, 8]])
    from nodeflow.diffusion.unet.timestep import timestep_features

    label = torch.cat([pooled, timestep_features(sizes.flatten(), 8).reshape(1, -1)], dim=1)
    t = torch.tensor([500.0])
    with torch.no_grad():
        wanted = reference(
            x, t, context, added_cond_kwargs={"text_embeds": pooled, "time_ids": sizes}
        ).sample
        assert relative_l2(ours(x, t, context, label), wanted) < 1e-5
        with pytest.raises(ValueError, match="label"):
            ours(x, t, context)


@pytest.mark.heavy
def test_unet_at_published_width() -> None:
    torch.manual_seed(0)
    reference = ReferenceUNet(cross_attention_dim=768, attention_head_dim=8)
    ours = UNet2DConditionModel(UNetConfig())
    assert compare_unets(reference, ours, 32) < 1e-5


def compare_vaes(reference: ReferenceVAE, ours: AutoencoderKL, side: int) -> float:
    """The larger relative L2 of encoding and decoding."""
    ours.load_state_dict(reference.state_dict())
    x = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        posterior = reference.encode(x).latent_dist
        mean, logvar = ours.moments(x)
        decoded = reference.decode(posterior.mean).sample
        return max(
            relative_l2(mean, posterior.mean),
            relative_l2(logvar, posterior.logvar),
            relative_l2(ours.decode(posterior.mean), decoded),
        )


@pytest.mark.parametrize(
    ("widths", "layers", "groups", "side"),
    [((16, 32, 32), 1, 8, 40), ((128, 256, 512, 512), 2, 32, 64)],
    ids=["small", "published width"],
)
def test_vae(widths: tuple[int, ...], layers: int, groups: int, side: int) -> None:
    torch.manual_seed(0)
    count = len(widths)
    reference = ReferenceVAE(
        block_out_channels=widths, layers_per_block=layers, norm_num_groups=groups,
        latent_channels=4, down_block_types=("DownEncoderBlock2D",) * count,
        up_block_types=("UpDecoderBlock2D",) * count,
    )  # fmt: skip
    config = VAEConfig(block_out_channels=widths, layers_per_block=layers, norm_groups=groups)
    assert compare_vaes(reference, AutoencoderKL(config), side) < 1e-5


@pytest.mark.parametrize(
    ("width", "layers", "heads", "inner"),
    [(64, 3, 4, 128), (768, 12, 12, 3072)],
    ids=["small", "published width"],
)
def test_text_encoder(width: int, layers: int, heads: int, inner: int) -> None:
    torch.manual_seed(0)
    reference = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=49408, hidden_size=width, num_hidden_layers=layers,
            num_attention_heads=heads, intermediate_size=inner, hidden_act="quick_gelu",
            eos_token_id=49407, bos_token_id=49406,
        )
    ).eval()  # fmt: skip
    ours = ClipTextTransformer(TextConfig(width=width, layers=layers, heads=heads, inner=inner))
    weights = {
        key if key.startswith("text_model.") else f"text_model.{key}": value
        for key, value in reference.state_dict().items()
        if not key.endswith("position_ids")
    }
    ours.load_state_dict(weights)
    tokens = torch.tensor([[49406, 320, 736, 3055, *[49407] * 73]])
    with torch.no_grad():
        wanted = reference(tokens, output_hidden_states=True)
        last = ours(tokens)
        assert relative_l2(last, wanted.last_hidden_state) < 1e-5
        assert relative_l2(ours.pooled(last, tokens), wanted.pooler_output) < 1e-5
        skipped = ours(tokens, layer=-2, final_norm=False)
        assert relative_l2(skipped, wanted.hidden_states[-2]) < 1e-5
    with pytest.raises(ValueError, match="layer"):
        ours(tokens, layer=-layers - 1)


def same_weights(reference: torch.nn.Module, ours: torch.nn.Module) -> None:
    """What was loaded is what was saved."""
    saved = reference.state_dict()
    assert all(torch.equal(weight, saved[name]) for name, weight in ours.named_parameters())


@pytest.mark.parametrize("variant", [None, "fp16"])
@pytest.mark.parametrize("limit", ["500KB", "10GB"])
@pytest.mark.parametrize("pickled", [False, True])
def test_every_way_in_which_diffusers_writes_weights(
    variant: str | None, limit: str, pickled: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    unet = ReferenceUNet(**SMALL_UNET)
    unet.save_pretrained(
        tmp_path / "unet", safe_serialization=not pickled, variant=variant, max_shard_size=limit
    )
    files = [p for p in (tmp_path / "unet").iterdir() if p.suffix in (".bin", ".safetensors")]
    assert (len(files) > 1) is (limit == "500KB")
    if pickled:
        with pytest.raises(CheckpointError, match=r"pickled checkpoint.*--allow-pickled"):
            load_unet(tmp_path, torch.float32, "cpu")
        monkeypatch.setenv(VARIABLE, "allow")
    same_weights(unet, load_unet(tmp_path, torch.float32, "cpu"))
    files[0].unlink()
    with pytest.raises(CheckpointError, match=r"lacks the shards|has no diffusion_pytorch_model"):
        load_unet(tmp_path, torch.float32, "cpu")


def test_diffusers_folder_loads_and_agrees(tmp_path: Path) -> None:
    torch.manual_seed(0)
    unet = ReferenceUNet(**SMALL_UNET)
    vae = ReferenceVAE(
        block_out_channels=(16, 32), latent_channels=4, norm_num_groups=8,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
    )  # fmt: skip
    text = CLIPTextModel(
        CLIPTextConfig(
            hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96
        )
    ).eval()
    unet.save_pretrained(tmp_path / "unet", max_shard_size="500KB")
    vae.save_pretrained(tmp_path / "vae")
    text.save_pretrained(tmp_path / "text_encoder")
    (tmp_path / "model_index.json").write_text("{}")
    (tmp_path / "scheduler").mkdir()
    config = '{"prediction_type": "v_prediction"}'
    (tmp_path / "scheduler" / "scheduler_config.json").write_text(config)
    opened = open_checkpoint(tmp_path, "print")
    assert opened.model.prediction is Prediction.V
    assert len(list((tmp_path / "unet").glob("*.safetensors"))) > 1
    facts = tmp_path / "scheduler" / "scheduler_config.json"
    facts.write_text('{"prediction_type": "flow_prediction"}')
    with pytest.raises(CheckpointError, match="it predicts 'flow_prediction'; known are epsilon"):
        open_checkpoint(tmp_path, "print")
    facts.write_text(config)
    ours = load_unet(tmp_path, torch.float32, "cpu")
    same_weights(unet, ours)
    assert compare_unets(unet, ours, 8) < 1e-5
    same_weights(vae, load_vae(tmp_path, torch.float32, "cpu"))
    assert compare_vaes(vae, load_vae(tmp_path, torch.float32, "cpu"), 32) < 1e-5
    tokens = torch.tensor([[49406, 320, 49407]])
    with torch.no_grad():
        encoder = load_text(tmp_path, torch.float32, "cpu")
        assert relative_l2(encoder(tokens), text(tokens).last_hidden_state) < 1e-5
