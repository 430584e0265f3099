"""An IP-Adapter through which the embedded model looks at pictures (arXiv 2308.06721)."""

from pathlib import Path

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.load import load_unet
from nodeflow.diffusion.ip_adapter.config import IPAdapterConfig
from nodeflow.diffusion.ip_adapter.network import IPAdapter
from nodeflow.diffusion.packed import plain
from nodeflow.diffusion.training.beside import goal_of
from nodeflow.diffusion.training.learn import Save, Weights, learn, put_back
from nodeflow.diffusion.training.placed import Batch, Examples
from nodeflow.diffusion.training.vision import Gallery
from nodeflow.diffusion.unet.attention import attention
from nodeflow.diffusion.unet.interventions import Interventions, Place
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.unet.places import attention_places, block_name
from nodeflow.diffusion.vision.encode import encode_picture
from nodeflow.diffusion.vision.transformer import ClipVisionTransformer

RATE = 1e-3
UNSEEN = 0.1
"""Share of examples whose picture is an embedding of zeros, as the side of guidance away from it
sees."""


def embedded(encoder: ClipVisionTransformer, gallery: Gallery) -> Tensor:
    """What the encoder sees in each picture, `[n, projection]`."""
    parts = [
        encode_picture(encoder, some.float() / 255).embedding
        for some in torch.split(gallery.pictures, 64)
    ]
    return torch.cat(parts)


def config_for(unet: UNet2DConditionModel, encoder: ClipVisionTransformer) -> IPAdapterConfig:
    """The plain kind, with four tokens."""
    seen = encoder.config.projection
    assert seen is not None
    layers = tuple(attention_places(unet.config).values())
    return IPAdapterConfig(seen=seen, tokens=4, context=unet.config.context_width, layers=layers)


def fresh(unet: UNet2DConditionModel, encoder: ClipVisionTransformer) -> IPAdapter:
    """An adapter that starts as if what is seen in a picture were a caption's last state.

    Keys and values are made as the model makes them of text, as in the published training; each
    token is the normed embedding, which the image encoder has learnt to lay by that state.
    """
    torch.manual_seed(1)
    net = IPAdapter(config_for(unet, encoder))
    own = dict(unet.named_parameters())
    projection = net.image_proj.get_parameter("proj.weight")
    with torch.no_grad():
        for tokens in torch.split(projection, net.config.context):
            tokens += torch.eye(*tokens.shape)
        for place, layer in zip(attention_places(unet.config), net.layers, strict=True):
            for leaf in ("to_k", "to_v"):
                weight = own[f"{block_name(place, unet.config)}.attn2.{leaf}.weight"]
                layer.get_parameter(f"{leaf}_ip.weight").copy_(plain(weight))
    return net


def train_ip_adapter(
    checkpoint: Path,
    encoder: ClipVisionTransformer,
    gallery: Gallery,
    examples: Examples,
    steps: int,
    log: Path,
    save: Save,
    start: Path | None = None,
) -> None:
    """Train, and save the file's tensors now and then.

    Each scene goes with a picture of the same subject on the same ground, another one mostly.
    """
    unet = load_unet(checkpoint, torch.float32, "cpu")
    net = fresh(unet, encoder)
    learnt: Weights = dict(net.named_parameters())
    done = 0 if start is None else put_back(learnt, start)
    layers = dict(zip(attention_places(unet.config), net.layers, strict=True))
    seen = embedded(encoder, gallery)
    showing: dict[tuple[int, str], list[int]] = {}
    for index, subject in enumerate(gallery.subject.tolist()):
        showing.setdefault((subject, gallery.colour[index]), []).append(index)
    pairs = examples.pairs

    def steer(batch: Batch) -> Interventions:
        alike = [showing[pairs.subject[i], pairs.colour[i]] for i in batch.picks.tolist()]
        chance = torch.Generator().manual_seed(int(batch.at.sum()))
        which = torch.randint(2**31, (len(alike),), generator=chance).tolist()
        given = seen[[own[n % len(own)] for own, n in zip(alike, which, strict=True)]]
        kept = torch.rand(len(given), 1, generator=chance) >= UNSEEN
        tokens = net.image_proj(given * kept)

        def attended(place: Place, q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
            of_picture: tuple[Tensor, Tensor] = layers[place](tokens)
            return attention(q, k, v, heads) + attention(q, *of_picture, heads)

        return Interventions(cross_attention=attended)

    learn(learnt, goal_of(unet, examples, steer), steps, RATE, log, save, done)
