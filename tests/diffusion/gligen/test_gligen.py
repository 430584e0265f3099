"""GLIGEN against diffusers in a UNet with random weights, and in files of both layouts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from diffusers.models.attention import GatedSelfAttentionDense
from diffusers.models.embeddings import GLIGENTextBoundingboxProjection
from safetensors.torch import save_file

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.ldm_keys import unet_key_map
from nodeflow.diffusion.conditioning import Area, ConditioningEntry, Grounding, TextBox
from nodeflow.diffusion.gligen.config import MOST, GligenConfig
from nodeflow.diffusion.gligen.files import read_gligen
from nodeflow.diffusion.gligen.load import load_gligen
from nodeflow.diffusion.gligen.network import Fuser, Gligen
from nodeflow.diffusion.gligen.text import box_text
from nodeflow.diffusion.guidance.grounding import grounded_alike, grounding_rows
from nodeflow.diffusion.guidance.rows import GroundingRows, Rows
from nodeflow.diffusion.recipe import FamilyName, GligenRecipe, Tower, WeightsFile
from nodeflow.diffusion.sampling.grounding import beside
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.text.encoders import TextEncoders
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.interventions import Interventions
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.unet.places import attention_places
from tests.diffusion.closeness import relative_l2
from tests.diffusion.published import Shapes, both
from tests.diffusion.test_families import sparse

SMALL = UNetConfig(
    block_out_channels=(32, 64), layers_per_block=2, transformer_depth=(1, 2), mid_depth=2,
    heads=(4, 4), context_width=48,
)  # fmt: skip
PUBLISHED = UNetConfig(
    block_out_channels=(320, 640), layers_per_block=1, transformer_depth=(1, 1), heads=(8, 8)
)  # fmt: skip
SD1_FUSERS = {
    "input_blocks": ((1, 320), (2, 320), (4, 640), (5, 640), (7, 1280), (8, 1280)),
    "output_blocks": (
        (3, 1280), (4, 1280), (5, 1280), (6, 640), (7, 640), (8, 640), (9, 320), (10, 320),
        (11, 320),
    ),
}  # fmt: skip


def references(config: UNetConfig) -> tuple[UNet2DConditionModel, Any]:
    """Our plain UNet and diffusers' with GLIGEN, of the same random weights, its gates open."""
    torch.manual_seed(0)
    theirs = diffusers.UNet2DConditionModel(
        block_out_channels=config.block_out_channels,
        layers_per_block=config.layers_per_block,
        down_block_types=["CrossAttnDownBlock2D"] * len(config.heads),
        up_block_types=["CrossAttnUpBlock2D"] * len(config.heads),
        attention_head_dim=list(config.heads),
        cross_attention_dim=config.context_width,
        transformer_layers_per_block=list(config.transformer_depth),
        norm_num_groups=config.norm_groups,
        attention_type="gated",
    ).eval()
    for name, parameter in theirs.named_parameters():
        if "alpha_" in name or "null_" in name:
            parameter.data = torch.randn(parameter.shape)
    ours = UNet2DConditionModel(config).eval()
    state = {n: t for n, t in theirs.state_dict().items() if not is_gligens(n)}
    ours.load_state_dict(state)
    return ours, theirs


def is_gligens(name: str) -> bool:
    return ".fuser." in name or name.startswith("position_net.")


def first_layout(name: str, config: UNetConfig) -> str:
    """diffusers' name of a fuser's weight as the first files have it."""
    if ".fuser." not in name:
        return name
    stem, _, leaf = name.partition(".fuser.")
    back = {ours: theirs for theirs, ours in unet_key_map(config).items()}
    return back[f"{stem}.norm1.weight"].removesuffix("norm1.weight") + f"fuser.{leaf}"


def saved(theirs: Any, config: UNetConfig, path: Path, first: bool, whole: bool = False) -> Path:
    """A file of diffusers' weights."""
    tensors = {
        first_layout(n, config) if first else n: t.clone().contiguous()
        for n, t in theirs.state_dict().items()
        if whole or is_gligens(n)
    }
    save_file(tensors, path)
    return path


BOXES = ((0.1, 0.2, 0.45, 0.9), (0.5, 0.0, 1.0, 0.4))


@pytest.mark.parametrize("config", [SMALL, PUBLISHED], ids=["small", "published"])
@pytest.mark.parametrize("first", [True, False], ids=["first layout", "diffusers"])
def test_against_diffusers(config: UNetConfig, first: bool, tmp_path: Path) -> None:
    ours, theirs = references(config)
    network = load_gligen(saved(theirs, config, tmp_path / "g.safetensors", first), *HERE)
    made = torch.Generator().manual_seed(1)
    x = torch.randn(2, 4, 8, 16, generator=made)
    text = torch.randn(2, 7, config.context_width, generator=made)
    words = torch.randn(2, config.context_width, generator=made)
    t = torch.tensor([600.0])
    boxes, masks = torch.zeros(2, MOST, 4), torch.zeros(2, MOST)
    embeddings = torch.zeros(2, MOST, config.context_width)
    boxes[0, :2], masks[0, :2], embeddings[0, :2] = torch.tensor(BOXES), 1, words
    pieces = [
        Rows(x[:1], 1.0, text, grounding=GroundingRows(FILE, BOXES, (words[:1], words[1:]))),
        Rows(x[1:], 1.0, text, grounding=GroundingRows(FILE)),
    ]
    with torch.no_grad():
        given = {"boxes": boxes, "masks": masks, "positive_embeddings": embeddings}
        wanted = theirs(x, t, text, cross_attention_kwargs={"gligen": given}).sample
        acting = Interventions(between=beside(network, config).change(pieces, x))
        found = ours(x, t, text, None, acting)
        assert relative_l2(found, wanted) < 1e-5
        assert relative_l2(ours(x, t, text), wanted) > 1e-2


HERE = (torch.float32, "cpu")
FILE = WeightsFile("g", "g")


def test_objects_at_published_widths() -> None:
    torch.manual_seed(0)
    theirs = GLIGENTextBoundingboxProjection(768, 768, "text-only").eval()
    for parameter in theirs.parameters():
        parameter.data = parameter.data + 0.1 * torch.randn(parameter.shape)
    ours = Gligen(GligenConfig(fusers=())).position_net
    ours.load_state_dict(theirs.state_dict())
    words = torch.randn(2, 768)
    boxes, masks = torch.zeros(1, MOST, 4), torch.zeros(1, MOST)
    embeddings = torch.zeros(1, MOST, 768)
    boxes[0, :2], masks[0, :2], embeddings[0, :2] = torch.tensor(BOXES), 1, words
    with torch.no_grad():
        wanted = theirs(boxes, masks, embeddings)
        assert relative_l2(ours(BOXES, (words[:1], words[1:])), wanted) < 1e-5
        masks.zero_()
        assert relative_l2(ours((), ()), theirs(boxes, masks, embeddings)) < 1e-5


@pytest.mark.parametrize("width", [320, 640, 1280])
def test_a_fuser_at_published_widths(width: int) -> None:
    torch.manual_seed(0)
    theirs = GatedSelfAttentionDense(width, 768, 8, width // 8).eval()
    theirs.alpha_attn.data.fill_(0.7)
    theirs.alpha_dense.data.fill_(-0.4)
    ours = Fuser(width, 768)
    ours.load_state_dict(theirs.state_dict())
    x, objects = torch.randn(2, 40, width), torch.randn(2, MOST, 768)
    with torch.no_grad():
        assert relative_l2(ours(x, objects, 8), theirs(x, objects)) < 1e-5


def published() -> Shapes:
    """`gligen_sd14_textbox_pruned`: the fusers and the position net of the authors' code."""
    s: Shapes = {}
    stems = [
        (f"{stage}.{number}.1", width) for stage, found in SD1_FUSERS.items()
        for number, width in found
    ]  # fmt: skip
    for stem, width in [*stems, ("middle_block.1", 1280)]:
        name = f"{stem}.transformer_blocks.0.fuser"
        s |= {f"{name}.alpha_attn": (), f"{name}.alpha_dense": ()}
        both(s, f"{name}.linear", width, 768)
        for part in ("to_q", "to_k", "to_v"):
            s[f"{name}.attn.{part}.weight"] = (width, width)
        both(s, f"{name}.attn.to_out.0", width, width)
        both(s, f"{name}.ff.net.0.proj", 8 * width, width)
        both(s, f"{name}.ff.net.2", width, 4 * width)
        both(s, f"{name}.norm1", width)
        both(s, f"{name}.norm2", width)
    for number, (out, into) in {0: (512, 768 + 64), 2: (512, 512), 4: (768, 512)}.items():
        both(s, f"position_net.linears.{number}", out, into)
    return {**s, "position_net.null_positive_feature": (768,),
            "position_net.null_position_feature": (64,)}  # fmt: skip


@pytest.mark.parametrize("prefix", ["", "model."])
def test_the_published_file_is_complete(prefix: str, tmp_path: Path) -> None:
    shapes = {prefix + name: shape for name, shape in published().items()}
    file = read_gligen(sparse(tmp_path / "g.safetensors", shapes))
    assert file.config == GligenConfig() and not file.unknown
    with torch.device("meta"):
        network = Gligen(file.config)
    own = {name: tuple(p.shape) for name, p in network.named_parameters()}
    assert {name: shapes[theirs] for name, theirs in file.names.items()} == own
    places = list(attention_places(UNetConfig()))
    at = {theirs.removeprefix(prefix): ours for ours, theirs in file.names.items()}
    for stem, place in {
        "input_blocks.7.1": ("down", 2, 0), "middle_block.1": ("mid", 3, 0),
        "output_blocks.5.1": ("up", 2, 2), "output_blocks.9.1": ("up", 0, 0),
    }.items():  # fmt: skip
        number = int(at[f"{stem}.transformer_blocks.0.fuser.alpha_attn"].split(".")[1])
        found = places[number]
        assert (found.stage, found.level, found.index) == place


def test_a_whole_model_and_what_is_unknown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, theirs = references(SMALL)
    path = saved(theirs, SMALL, tmp_path / "g.safetensors", first=False, whole=True)
    whole = load_gligen(path, *HERE)
    assert "conv_in.bias" in caplog.text
    alone = load_gligen(saved(theirs, SMALL, tmp_path / "h.safetensors", first=True), *HERE)
    weights = alone.state_dict()
    assert all(torch.equal(t, weights[n]) for n, t in whole.state_dict().items())


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    path = tmp_path / "g.safetensors"
    save_file({"position_net.linears_text.0.weight": torch.zeros(2)}, path)
    with pytest.raises(CheckpointError, match="for pictures, poses or maps"):
        read_gligen(path)
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(CheckpointError, match="no GLIGEN model"):
        read_gligen(path)
    network = Gligen(GligenConfig(48, 48, 16, 8, (32, 64)))
    with pytest.raises(CheckpointError, match="another family"):
        beside(network, SMALL)
    _, theirs = references(SMALL)
    tensors = {n: t.contiguous() for n, t in theirs.state_dict().items() if is_gligens(n)}
    del tensors["mid_block.attentions.0.transformer_blocks.1.fuser.ff.net.2.bias"]
    save_file(tensors, path)
    with pytest.raises(CheckpointError, match="1 weights are missing"):
        load_gligen(path, *HERE)


def test_boxes_are_shares_of_the_rectangle_that_is_drawn() -> None:
    word = torch.zeros(1, 4)
    boxes = (TextBox(word, Area(4, 6, 2, 3)), TextBox(word, Area(2, 2, 0, 14)))
    grounding = Grounding(GligenRecipe(FILE), boxes)
    whole = grounding_rows(grounding, Area(8, 16, 0, 0))
    assert whole.boxes == ((3 / 16, 2 / 8, 9 / 16, 6 / 8), (14 / 16, 0.0, 1.0, 2 / 8))
    part = grounding_rows(grounding, Area(8, 8, 0, 4))
    assert part.boxes == ((0.0, 2 / 8, 5 / 8, 6 / 8),)


def test_the_other_side_is_told_of_no_boxes() -> None:
    plain = ConditioningEntry(torch.zeros(1, 7, 8))
    net = GligenRecipe(FILE)
    boxed = replace(
        plain, grounding=Grounding(net, (TextBox(torch.zeros(1, 4), Area(1, 1, 0, 0)),))
    )
    assert grounded_alike((plain,), (plain,)) == ((plain,), (plain,))
    (one, two), (other,) = grounded_alike((boxed, plain), (plain,))
    assert one is not boxed and one.grounding is boxed.grounding
    for entry in (two, other):
        assert entry.grounding is not None
        assert entry.grounding.net == net and entry.grounding.boxes == ()


@pytest.mark.parametrize(
    ("text", "read"),
    [("a (red:1.5) apple", "a red apple"), ("red " * 75 + "apple", "red " * 75)],
    ids=["weighted", "too long"],
)
def test_the_text_of_a_box_is_transformers_pooled_output(text: str, read: str) -> None:
    import transformers

    torch.manual_seed(0)
    theirs = transformers.CLIPTextModel(
        transformers.CLIPTextConfig(
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,
            bos_token_id=49406,
            eos_token_id=49407,
        )  # fmt: skip
    ).eval()
    config = TextConfig(width=64, layers=2, heads=2, inner=128)
    ours = ClipTextTransformer(config)
    state = {n: t for n, t in theirs.state_dict().items() if "position_ids" not in n}
    ours.load_state_dict(
        {n if n.startswith("text_model.") else f"text_model.{n}": t for n, t in state.items()}
    )
    found = box_text(TextEncoders(FamilyName.SD1, {Tower.L: ours}), text)
    from nodeflow.diffusion.text.tokenizer import load_tokenizer

    words = load_tokenizer().encode(read)
    ids = torch.tensor([[49406, *words, *[49407] * (76 - len(words))]])
    with torch.no_grad():
        assert torch.allclose(found, theirs(ids).pooler_output, atol=1e-6)
