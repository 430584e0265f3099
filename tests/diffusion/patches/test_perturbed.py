"""Perturbed-attention guidance, by its formula and on the embedded model."""

from pathlib import Path

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.guidance.perturbed import (
    PERTURBED,
    PerturbedAttention,
    perturbed_scale_of,
)
from nodeflow.diffusion.guidance.rows import Wish
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.latent_scale import LatentScale
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.samplers.step import ModelCall
from nodeflow.diffusion.sampling.recording import WishKeys
from nodeflow.diffusion.sampling.setting import Setting, Space
from nodeflow.diffusion.sampling.trajectory import Prompts
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.node.context import RunContext
from nodeflow.values.structured import decode, encode
from tests.diffusion.test_guiders import entry
from tests.nodes.test_behaviour import call

EMBEDDED = Path(__file__).parents[3] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
X = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))


def guided(cfg: float, scale: float) -> tuple[Tensor, Wish]:
    """One evaluation where a perturbed row is answered by 0.5, others by the text's value."""
    space = Space(stable_diffusion(), LatentScale(0.18215), patches=(PerturbedAttention(scale),))
    guider = Prompts(entry(3.0), entry(1.0), cfg).guider(Setting(space, X, None, 0))
    guide = guider(ModelCall(X, 5.0, 0))
    wish = next(guide)
    answers = [
        torch.full_like(r.x, 0.5 if r.interventions is PERTURBED else float(r.embedding.mean()))
        for r in wish
    ]
    try:
        guide.send(answers)
    except StopIteration as end:
        return end.value, wish
    raise AssertionError("guidance wishes once")


def test_the_difference_is_added_after_guidance() -> None:
    found, wish = guided(5.0, 2.0)
    assert torch.equal(found, torch.full_like(X, 1.0 + 5.0 * (3.0 - 1.0) + 2.0 * (3.0 - 0.5)))
    assert [r.interventions is PERTURBED for r in wish] == [False, False, True]
    alone, wish = guided(1.0, 2.0)
    assert torch.equal(alone, torch.full_like(X, 3.0 + 2.0 * (3.0 - 0.5))) and len(wish) == 2
    assert len(guided(5.0, 0.0)[1]) == 2


def test_perturbed_rows_are_recorded_under_a_name_of_their_own() -> None:
    _, wish = guided(1.0, 2.0)
    plain, perturbed = (WishKeys("m").of((rows,)) for rows in wish)
    assert plain is not None and perturbed is not None and plain != perturbed


def test_each_token_of_the_middle_attends_to_itself_alone() -> None:
    """There the layer is its value and output projections alone, token by token."""
    unet = Residency("cpu").unet(open_checkpoint(EMBEDDED, "print").model).double()
    x, t, text = X.double(), torch.tensor([400.0, 400.0]), torch.randn(2, 7, 192).double()
    seen: list[Tensor] = []
    attn = unet.mid_block.attentions[0].transformer_blocks[0].attn1
    hook = attn.register_forward_hook(lambda module, given, out: seen.extend((given[0], out)))
    with torch.no_grad():
        unet(x, t, text, None, PERTURBED)
        hook.remove()
        given, out = seen
        wanted = given @ attn.to_v.weight.T @ attn.to_out[0].weight.T + attn.to_out[0].bias
        assert torch.allclose(out, wanted, atol=1e-10)
        plain = unet(x, t, text)
        assert not torch.allclose(unet(x, t, text, None, PERTURBED), plain, atol=1e-4)


def test_the_node_changes_the_picture_and_scale_0_does_not() -> None:
    context = RunContext()
    model, clip, _ = call("CheckpointLoaderSimple", "tiny-emoji", context)
    positive = call("CLIPTextEncode", "a red apple", clip, context)
    negative = call("CLIPTextEncode", "", clip, context)

    def sampled(scale: float | None) -> Tensor:
        used = model if scale is None else call("PerturbedAttentionGuidance", model, scale)
        assert perturbed_scale_of(used.patches) == (scale or 0.0) and decode(encode(used)) == used
        latent = Latent(torch.zeros(1, 4, 8, 8))
        made: Latent = call("KSampler", used, positive, negative, latent, context, 7, 3, 4.0)
        return made.samples

    plain = sampled(None)
    assert torch.equal(sampled(0.0), plain)
    changed = sampled(3.0)
    assert changed.isfinite().all() and not torch.allclose(changed, plain, atol=1e-2)
