"""PhotoMaker against transformers' image encoder and the published formula in float64, in files."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import save_file
from torch import Tensor

from nodeflow.diffusion.adapters.apply import fit_to
from nodeflow.diffusion.adapters.names import Target
from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, TensorInfo, read_header
from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.checkpoint.pickled import VARIABLE
from nodeflow.diffusion.photomaker.encode import encode_person
from nodeflow.diffusion.photomaker.files import read_photomaker
from nodeflow.diffusion.photomaker.load import load_photomaker
from nodeflow.diffusion.photomaker.network import PhotoMaker
from nodeflow.diffusion.photomaker.words import class_words
from nodeflow.diffusion.recipe import FamilyName, Tower
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.text.chunks import chunk_tokens
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.text.encode import encode_prompt
from nodeflow.diffusion.text.encoders import TextEncoders
from nodeflow.diffusion.text.prompt import parse_weights
from nodeflow.diffusion.text.tokenizer import load_tokenizer
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vision.config import VisionConfig
from nodeflow.diffusion.vision.encode import preprocess
from nodeflow.node.context import RunContext
from nodeflow.node.folders import Folders, ModelRoot
from tests.diffusion.closeness import relative_l2
from tests.diffusion.published import Shapes, both
from tests.diffusion.test_families import sparse
from tests.nodes.test_behaviour import call

EMBEDDED = Path(__file__).parents[3] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
TOKENS = load_tokenizer()
EYES = VisionConfig(image=28, patch=14, width=64, layers=2, heads=1, inner=128, projection=64)


def filled(network: PhotoMaker, seed: int = 0) -> PhotoMaker:
    """With random weights; norms that are not 1 and 0."""
    torch.manual_seed(seed)
    for name, parameter in network.named_parameters():
        drawn = torch.randn(parameter.shape)
        if "norm" in name:
            parameter.data = 0.2 * drawn + name.endswith("weight")
        else:
            parameter.data = drawn * (parameter.shape[-1] ** -0.5 if drawn.dim() > 1 else 0.1)
    return network.eval()


def mlp(weights: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    """`MLP` of the published code without its residual."""

    def linear(part: str, value: Tensor) -> Tensor:
        stem = f"fuse_module.{name}.{part}"
        return value @ weights[f"{stem}.weight"].T + weights[f"{stem}.bias"]

    norm = f"fuse_module.{name}.layernorm"
    h = F.layer_norm(x, x.shape[-1:], weights[f"{norm}.weight"], weights[f"{norm}.bias"])
    return linear("fc2", F.gelu(linear("fc1", h)))


@pytest.mark.parametrize(
    ("vision", "second"),
    [(EYES, 96), (VisionConfig(layers=1), 1280)],
    ids=["small", "published widths"],
)
def test_the_formula(vision: VisionConfig, second: int) -> None:
    ours = filled(PhotoMaker(vision, second))
    theirs = (
        transformers.CLIPVisionModel(
            transformers.CLIPVisionConfig(
                hidden_size=vision.width,
                intermediate_size=vision.inner,
                image_size=vision.image,
                patch_size=vision.patch,
                num_hidden_layers=vision.layers,
                num_attention_heads=vision.heads,
                hidden_act=vision.activation,
            )  # fmt: skip
        )
        .double()
        .eval()
    )
    weights = {name: tensor.double() for name, tensor in ours.state_dict().items()}
    own = {n: t for n, t in weights.items() if n.startswith("vision_model.")}
    known = theirs.state_dict().keys()
    bare = {n.removeprefix("vision_model."): t for n, t in own.items()}
    theirs.load_state_dict(own if own.keys() <= known else bare, strict=False)
    pixels = preprocess(torch.rand(2, 40, 30, 3), vision.image)
    width = (vision.projection or 0) + second
    words = torch.randn(2, width)
    with torch.no_grad():
        token = theirs(pixels.double()).pooler_output
        seen = torch.cat(
            [token @ weights[f"visual_projection{n}.weight"].T for n in ("", "_2")], dim=-1
        )
        h = words.double() + mlp(weights, "mlp1", torch.cat([words.double(), seen], dim=-1))
        h = h + mlp(weights, "mlp2", h)
        last = [weights[f"fuse_module.layer_norm.{leaf}"] for leaf in ("weight", "bias")]
        wanted = F.layer_norm(h, (width,), *last)
        assert relative_l2(ours(pixels, words), wanted) < 1e-5


def vit_l() -> Shapes:
    """`photomaker-v1`'s `id_encoder`: transformers' CLIP ViT-L/14 and the authors' modules."""
    s: Shapes = {
        "vision_model.embeddings.class_embedding": (1024,),
        "vision_model.embeddings.position_ids": (1, 257),
        "vision_model.embeddings.patch_embedding.weight": (1024, 3, 14, 14),
        "vision_model.embeddings.position_embedding.weight": (257, 1024),
        "visual_projection.weight": (768, 1024),
        "visual_projection_2.weight": (1280, 1024),
    }
    for norm in ("pre_layrnorm", "post_layernorm"):
        both(s, f"vision_model.{norm}", 1024)
    for i in range(24):
        name = f"vision_model.encoder.layers.{i}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            both(s, f"{name}.self_attn.{part}", 1024, 1024)
        both(s, f"{name}.mlp.fc1", 4096, 1024)
        both(s, f"{name}.mlp.fc2", 1024, 4096)
        both(s, f"{name}.layer_norm1", 1024)
        both(s, f"{name}.layer_norm2", 1024)
    for part, into in {"mlp1": 4096, "mlp2": 2048}.items():
        both(s, f"fuse_module.{part}.layernorm", into)
        both(s, f"fuse_module.{part}.fc1", 2048, into)
        both(s, f"fuse_module.{part}.fc2", 2048, 2048)
    both(s, "fuse_module.layer_norm", 2048)
    return s


@pytest.mark.parametrize("prefix", ["id_encoder.", ""])
def test_the_published_file_is_complete(prefix: str, tmp_path: Path) -> None:
    shapes = {prefix + name: shape for name, shape in vit_l().items()}
    beside = {"lora_weights.unet.a.lora.up.weight": (2, 2), "surplus": (1,)}
    file = read_photomaker(sparse(tmp_path / "p.safetensors", {**shapes, **beside}))
    assert file.vision == VisionConfig() and file.context == 2048 and file.unknown == ("surplus",)
    with torch.device("meta"):
        network = PhotoMaker(file.vision, file.second)
    own = {name: tuple(p.shape) for name, p in network.named_parameters()}
    assert {name: shapes[theirs] for name, theirs in file.names.items()} == own


def test_the_lora_in_the_same_file_is_for_the_unet() -> None:
    with torch.device("meta"):
        unet = UNet2DConditionModel(UNetConfig())
    stem = "lora_weights.unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q"
    shapes = {f"{stem}_lora.up.weight": (320, 64), f"{stem}_lora.down.weight": (64, 320)}
    header = Header({n: TensorInfo("F16", s, 0, 0) for n, s in shapes.items()}, {})
    found = fit_to(header, unet, Target.UNET)
    assert list(found.entries) == ["down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"]
    assert not found.strangers and not found.unknown


def saved(path: Path, network: PhotoMaker) -> Path:
    tensors = {f"id_encoder.{n}": t.contiguous() for n, t in network.state_dict().items()}
    save_file(tensors, path)
    return path


def test_pickled_files_and_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = filled(PhotoMaker(EYES, 96))
    path = tmp_path / "p.bin"
    torch.save({"id_encoder": network.state_dict(), "lora_weights": {}}, path)
    with pytest.raises(CheckpointError, match="--allow-pickled"):
        read_photomaker(path)
    monkeypatch.setenv(VARIABLE, "allow")
    loaded = load_photomaker(path, torch.float32, "cpu").state_dict()
    assert all(torch.equal(loaded[n], t) for n, t in network.state_dict().items())
    save_file({"id_encoder.qformer_perceiver.a": torch.zeros(1)}, tmp_path / "2.safetensors")
    with pytest.raises(CheckpointError, match="PhotoMaker 2"):
        read_photomaker(tmp_path / "2.safetensors")
    with pytest.raises(CheckpointError, match="no PhotoMaker"):
        read_photomaker(EMBEDDED)
    tensors = {n: t for n, t in network.state_dict().items() if "mlp1.fc2" not in n}
    save_file(tensors, tmp_path / "3.safetensors")
    with pytest.raises(CheckpointError, match="2 weights are missing"):
        load_photomaker(tmp_path / "3.safetensors", torch.float32, "cpu")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a man photomaker in a boat", "man"),
        ("((an old) woman photomaker:1.2), smiling", "woman"),
        ("a shipwright photomaker", "shipwright"),
    ],
)
@pytest.mark.parametrize("pictures", [1, 3])
def test_places_are_those_of_the_words_last_tokens(text: str, word: str, pictures: int) -> None:
    pieces, places = class_words(parse_weights(text), pictures, TOKENS)
    ids = chunk_tokens(pieces, TOKENS, 0)[0].ids
    assert len(places) == pictures
    assert [ids[place] for place in places] == [TOKENS.encode(word)[-1]] * pictures
    assert "photomaker" not in " ".join(piece.text for piece in pieces)


def test_prompts_that_cannot_be() -> None:
    assert class_words(parse_weights("a man"), 1, TOKENS) == (parse_weights("a man"), ())
    with pytest.raises(ValueError, match="stands behind no word"):
        class_words(parse_weights("a man (photomaker)"), 1, TOKENS)
    far = "one " * 74 + "man photomaker"
    assert class_words(parse_weights(far), 1, TOKENS)[1] == (75,)
    with pytest.raises(ValueError, match="ends at token 76"):
        class_words(parse_weights(far), 2, TOKENS)


def test_two_encoders_and_pictures_in_their_places() -> None:
    torch.manual_seed(0)
    towers = {
        Tower.L: ClipTextTransformer(TextConfig(width=64, layers=2, heads=2, inner=128)),
        Tower.G: ClipTextTransformer(
            TextConfig(width=96, layers=2, heads=2, inner=128, projection=96)
        ),
    }
    encoders = TextEncoders(FamilyName.SDXL, towers)
    network = filled(PhotoMaker(EYES, 96))
    image = torch.rand(2, 40, 30, 3)
    text = "a photo of a man photomaker, in a boat"
    (found,) = encode_person(encoders, network, image, text)
    (plain,) = encode_prompt(encoders, "a photo of a man man, in a boat")
    assert torch.equal(found.pooled, plain.pooled)  # type: ignore[arg-type]
    places = [5, 6]
    with torch.no_grad():
        words = network(preprocess(image, 28), plain.embedding[0, places])
    assert torch.allclose(found.embedding[0, places], words, atol=1e-6)
    rest = [place for place in range(77) if place not in places]
    assert torch.equal(found.embedding[:, rest], plain.embedding[:, rest])
    (without,) = encode_person(encoders, network, image, "a man")
    (bare,) = encode_prompt(encoders, "a man")
    assert torch.equal(without.embedding, bare.embedding)
    narrow = TextEncoders(FamilyName.SD1, {Tower.L: towers[Tower.L]})
    with pytest.raises(CheckpointError, match=r"160 numbers wide.*64 wide.*another family"):
        encode_person(narrow, network, image, text)


def test_the_nodes(tmp_path: Path) -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    width = Residency("cpu").unet(opened.model).config.context_width
    eyes = VisionConfig(28, 14, 64, 2, 1, 128, projection=width - 40)
    (tmp_path / "photomaker").mkdir()
    saved(tmp_path / "photomaker" / "p.safetensors", filled(PhotoMaker(eyes, 40)))
    assert read_header(tmp_path / "photomaker" / "p.safetensors").tensors
    context = RunContext(folders=Folders(models=(ModelRoot.at(tmp_path),)))
    _, clip, _ = call("CheckpointLoaderSimple", "tiny-emoji", context)
    maker = call("PhotoMakerLoader", "p", context)
    image = torch.rand(1, 40, 30, 3)
    (plain,) = call("CLIPTextEncode", "a cat in a boat", clip, context)
    (found,) = call("PhotoMakerEncode", maker, image, clip, "a cat photomaker in a boat", context)
    changed = (found.embedding != plain.embedding).any(-1)[0].nonzero().flatten().tolist()
    assert changed == [2]
    (other,) = call(
        "PhotoMakerEncode", maker, 1 - image, clip, "a cat photomaker in a boat", context
    )
    assert not torch.equal(other.embedding, found.embedding)
