"""Pictures as prompts of the embedded model, through the nodes."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.recipe import ModelRecipe
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.vision.config import VisionConfig
from nodeflow.diffusion.vision.transformer import ClipVisionTransformer
from nodeflow.node.context import RunContext
from nodeflow.node.folders import Folders, ModelRoot
from nodeflow.values.structured import decode, encode
from tests.diffusion.ip_adapter.published import attention, full, plain, plus
from tests.diffusion.ip_adapter.test_parity import weights
from tests.diffusion.patches.embedded import parts, sampled
from tests.diffusion.published import Shapes
from tests.nodes.test_behaviour import call

EMBEDDED = Path(__file__).parents[3] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
EYES = VisionConfig(image=28, patch=14, width=64, layers=2, heads=1, inner=128, projection=24)
PICTURES = torch.rand(2, 40, 30, 3, generator=torch.Generator().manual_seed(8))


@cache
def config() -> Any:
    return Residency("cpu").unet(open_checkpoint(EMBEDDED, "print").model).config


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> RunContext:
    """A run with an image encoder and adapters of every kind for the embedded model."""
    root, width = tmp_path_factory.mktemp("models"), config().context_width
    kinds = {
        "plain": plain(24, width), "plus": plus(64, 64, width, depth=1), "full": full(64, width),
        "foreign": plain(25, width),
    }  # fmt: skip
    (root / "ipadapter").mkdir()
    for name, projection in kinds.items():
        save_file(weights(config(), projection), root / "ipadapter" / f"{name}.safetensors")
    other: Shapes = {**plain(24, 768), **attention((320, 640), 768)}
    zeros = {name: torch.zeros(shape) for name, shape in other.items()}
    save_file(zeros, root / "ipadapter" / "sd1.safetensors")
    (root / "clip_vision").mkdir()
    torch.manual_seed(0)
    encoder = ClipVisionTransformer(EYES)
    eyes = {n: t.contiguous() for n, t in encoder.state_dict().items()}
    eyes["vision_model.embeddings.class_embedding"] = torch.randn(64)
    save_file(eyes, root / "clip_vision" / "eyes.safetensors")
    return RunContext(folders=Folders(models=(ModelRoot.at(root),)))


def applied(model: ModelRecipe, context: RunContext, kind: str, **settings: Any) -> ModelRecipe:
    """A model that looks at the pictures."""
    adapter = call("IPAdapterModelLoader", kind, context)
    eyes = call("CLIPVisionLoader", "eyes", context)
    given = {"image": PICTURES, **settings}
    made: ModelRecipe = call("IPAdapterApply", model, adapter, eyes, context=context, **given)
    return made


def drawn(context: RunContext, kind: str = "plain", **settings: Any) -> Tensor:
    return sampled(lambda model: applied(model, context, kind, **settings))


@pytest.mark.parametrize("kind", ["plain", "plus", "full"])
def test_pictures_change_the_result_and_leave_no_trace(context: RunContext, kind: str) -> None:
    bare = sampled()
    one = drawn(context, kind)
    assert not torch.allclose(one, bare, atol=1e-3)
    assert torch.equal(drawn(context, kind, weight=0.0), bare)
    other = drawn(context, kind, image=PICTURES[:1])
    assert not torch.allclose(other, one, atol=1e-4)
    assert torch.equal(drawn(context, kind), one)
    assert torch.equal(sampled(), bare)


def test_weight_time_and_chains(context: RunContext) -> None:
    bare, whole = sampled(), drawn(context)
    assert torch.equal(drawn(context, start_at=1.0, end_at=1.0), bare)
    early, late = drawn(context, end_at=0.5), drawn(context, start_at=0.5)
    assert not torch.allclose(early, late, atol=1e-4)
    assert not torch.allclose(early, whole, atol=1e-4)
    twice = sampled(
        lambda m: applied(applied(m, context, "plain", weight=0.5), context, "plain", weight=0.5)
    )
    assert torch.allclose(twice, whole, atol=1e-4)
    mixed = sampled(lambda m: applied(applied(m, context, "plain"), context, "plus"))
    turned = sampled(lambda m: applied(applied(m, context, "plus"), context, "plain"))
    assert torch.allclose(mixed, turned, atol=1e-4)


def test_the_mask_says_where(context: RunContext) -> None:
    bare, whole = sampled(), drawn(context)
    everywhere = drawn(context, attn_mask=torch.ones(1, 64, 64))
    assert torch.allclose(everywhere, whole, atol=1e-5)
    assert torch.equal(drawn(context, attn_mask=torch.zeros(1, 64, 64)), bare)
    left = torch.zeros(1, 64, 64)
    left[..., :32] = 1
    half = drawn(context, attn_mask=left)
    assert not torch.allclose(half, whole, atol=1e-4) and not torch.allclose(half, bare, atol=1e-4)
    with pytest.raises(ValueError, match="one mask for all its pictures, and got 2"):
        drawn(context, attn_mask=torch.ones(2, 8, 8))


def test_each_side_sees_its_own(context: RunContext) -> None:
    """At cfg 1 only the pictures count; the negative side's tokens are those of nothing."""
    _, model, _, _ = parts()
    made = applied(model, context, "plain")
    (prompt,) = made.patches
    seen = prompt.seen  # type: ignore[attr-defined]
    assert seen.positive.shape == seen.negative.shape == (1, 8, config().context_width)
    network = Residency("cpu").ip_adapter(prompt.adapter.source)  # type: ignore[attr-defined]
    with torch.no_grad():
        nothing = network.image_proj(torch.zeros(1, 24)).repeat(1, 2, 1)
    assert torch.allclose(seen.negative, nothing, atol=1e-6)
    assert not torch.allclose(seen.negative, seen.positive, atol=1e-2)
    from nodeflow.diffusion.held_tensors import held_as

    other = held_as(type(seen), {**seen.tensors, "negative": seen.positive})
    changed = replace(made, patches=(replace(prompt, seen=other),))
    assert changed != made and decode(encode(made)) == made
    alone = sampled(lambda m: made, cfg=1.0)
    assert torch.equal(sampled(lambda m: changed, cfg=1.0), alone)
    assert not torch.allclose(sampled(lambda m: changed), sampled(lambda m: made), atol=1e-4)


def test_a_mask_goes_with_a_region_of_the_prompt(context: RunContext) -> None:
    """A region that the mask leaves out is drawn as without pictures."""
    _, model, positive, negative = parts()
    right = call("ConditioningSetArea", positive, 32, 64, 32, 0, 1.0)
    left = torch.zeros(1, 64, 64)
    left[..., :32] = 1
    canvas = Latent(torch.zeros(1, 4, 8, 8))

    def at(model: ModelRecipe) -> Tensor:
        made: Latent = call("KSampler", model, right, negative, canvas, context, 7, 2, 1.0)
        return made.samples

    plain_right, masked = at(model), at(applied(model, context, "plain", attn_mask=left))
    assert torch.equal(masked[..., 4:], plain_right[..., 4:])
    assert not torch.allclose(at(applied(model, context, "plain")), plain_right, atol=1e-3)


def test_what_does_not_fit_is_found_before_anything_is_computed(context: RunContext) -> None:
    _, model, _, _ = parts()
    with pytest.raises(CheckpointError, match=r"text 768 numbers wide.*another family"):
        applied(model, context, "sd1")
    with pytest.raises(CheckpointError, match=r"embedding 25 numbers wide.*24 wide"):
        applied(model, context, "foreign")
