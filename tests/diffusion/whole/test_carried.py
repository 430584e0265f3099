"""IP-Adapter, GLIGEN and hypernetworks in a whole SD1 UNet."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.checkpoint.pickled import VARIABLE
from nodeflow.diffusion.gligen.config import MOST
from nodeflow.diffusion.gligen.load import load_gligen
from nodeflow.diffusion.guidance.rows import GroundingRows, PictureRows, Rows
from nodeflow.diffusion.hypernetworks.load import load_hypernetwork
from nodeflow.diffusion.hypernetworks.network import changed_contexts
from nodeflow.diffusion.ip_adapter.see import tokens
from nodeflow.diffusion.recipe import WeightsFile
from nodeflow.diffusion.sampling.grounding import beside
from nodeflow.diffusion.sampling.pictures import Pictures
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.interventions import Interventions
from nodeflow.diffusion.unet.places import attention_places
from tests.diffusion.gligen.test_gligen import BOXES, FILE, is_gligens
from tests.diffusion.gligen.test_gligen import saved as saved_gligen
from tests.diffusion.hypernetworks.test_hypernetworks import PUBLISHED, made, pickled, settings
from tests.diffusion.ip_adapter.published import full, plain, plus
from tests.diffusion.ip_adapter.test_parity import features, nested, saved, weights
from tests.diffusion.published import Shapes
from tests.diffusion.whole.networks import (
    SD1,
    asked,
    ours,
    question,
    same,
    they_asked,
    twin,
)

pytestmark = [pytest.mark.full, pytest.mark.timeout(1800)]


def ip_adapter(
    name: str, base: nn.Module, config: UNetConfig, projection: Shapes, path: Path
) -> None:
    """A file of random weights in ours and in diffusers' UNet."""
    tensors = weights(config, projection)
    adapter = saved(tensors, path)
    seen, q = features(adapter, 2), question(config)
    reference = twin(base, config)
    plainly = they_asked(reference, q)
    reference._load_ip_adapter_weights([nested(tensors)])
    for processor in reference.attn_processors.values():
        if hasattr(processor, "scale"):
            processor.scale = [0.6]
    wanted = they_asked(reference, q, {"image_embeds": [seen[None]]})
    with torch.no_grad():
        shown = tokens(adapter, seen)
    layers = dict(zip(attention_places(config), adapter.layers, strict=True))
    rows = Rows(q.x, 1.0, q.text, pictures=(PictureRows(WeightsFile("a", "a"), 0.6, shown, None),))
    acting = Interventions(cross_attention=Pictures(lambda _: layers).attention([rows], q.x, None))
    same(name, asked(ours(base, config), q, acting), wanted, plainly)


@pytest.mark.parametrize(
    ("name", "projection"),
    [
        ("ip-adapter_sd15", plain(1024, 768)),
        ("ip-adapter-plus_sd15", plus(1280, 768, 768)),
        ("ip-adapter-full-face_sd15", full(1280, 768)),
    ],
)
def test_ip_adapter(name: str, projection: Shapes, base: Any, tmp_path: Path) -> None:
    ip_adapter(name, base, SD1, projection, tmp_path / "a.safetensors")


def test_gligen(base: Any, tmp_path: Path) -> None:
    reference, q = twin(base, attention_type="gated"), question()
    kept = {n: t for n, t in reference.state_dict().items() if is_gligens(n)}
    path = saved_gligen(reference, SD1, tmp_path / "g.safetensors", first=True)
    network = load_gligen(path, torch.float32, "cpu")
    assert len(kept) == len(network.state_dict())
    words = torch.randn(2, 768, generator=torch.Generator().manual_seed(4))
    boxes, masks, embeddings = torch.zeros(1, MOST, 4), torch.zeros(1, MOST), torch.zeros(1, MOST, 768)  # noqa: E501  # fmt: skip
    boxes[0, :2], masks[0, :2], embeddings[0, :2] = torch.tensor(BOXES), 1, words
    given = {"boxes": boxes, "masks": masks, "positive_embeddings": embeddings}
    wanted = they_asked(reference, q, cross_attention_kwargs={"gligen": given})
    rows = Rows(q.x, 1.0, q.text, grounding=GroundingRows(FILE, BOXES, (words[:1], words[1:])))
    acting = Interventions(between=beside(network, SD1).change([rows], q.x))
    same("GLIGEN", asked(ours(base), q, acting), wanted, they_asked(base, q))


class Formula:
    """Attention whose keys and values are made of `c + s · mlp(c)`, as one of diffusers'
    processors; everything in float64."""

    def __init__(self, networks: Any, strength: float) -> None:
        self.networks, self.strength = networks, strength

    def __call__(
        self, attn: Any, hidden_states: Tensor, encoder_hidden_states: Tensor | None = None,
        attention_mask: None = None, **_: object,
    ) -> Tensor:  # fmt: skip
        """One attention."""
        x = hidden_states.double()
        context = x if encoder_hidden_states is None else encoder_hidden_states.double()
        pair = self.networks[context.shape[-1]]
        seen = [context + self.strength * network(context) for network in pair]

        def heads(value: Tensor, layer: nn.Module) -> Tensor:
            projected = value @ layer.weight.double().T
            return projected.reshape(*value.shape[:2], attn.heads, -1).transpose(1, 2)

        q, k, v = heads(x, attn.to_q), heads(seen[0], attn.to_k), heads(seen[1], attn.to_v)
        mixed = F.softmax(q @ k.transpose(2, 3) * q.shape[-1] ** -0.5, dim=-1) @ v
        joined = mixed.transpose(1, 2).reshape(x.shape)
        out = attn.to_out[0]
        return (joined @ out.weight.double().T + out.bias.double()).float()


def test_hypernetwork(base: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "allow")
    told, q = settings((1, 2, 1), "relu", norm=True), question()
    networks = made(PUBLISHED, told)
    net = load_hypernetwork(pickled(tmp_path / "h.pt", networks, told), torch.float32, "cpu")
    reference = twin(base)
    plainly = they_asked(reference, q)
    reference.set_attn_processor(Formula(networks, 0.7))
    wanted = they_asked(reference, q)
    acting = Interventions(contexts=changed_contexts([(net, 0.7)]))
    same("hypernetwork", asked(ours(base), q, acting), wanted, plainly)
