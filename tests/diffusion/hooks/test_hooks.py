"""Hooks in samplings: laws that hold bit for bit, with the weights that they share."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from nodeflow.diffusion.adapters.open import model_with_adapter, with_adapter
from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.conditioning import Conditioning
from nodeflow.diffusion.guidance.classifier_free import Side
from nodeflow.diffusion.guidance.regions import resolve
from nodeflow.diffusion.hooks.course import Weighed
from nodeflow.diffusion.hooks.hook import ClipHooks, Hook, Hooks, Keyframe, WholeModel
from nodeflow.diffusion.hooks.properties import Properties
from nodeflow.diffusion.merging.recipes import merged
from nodeflow.diffusion.recipe import ModelRecipe, WeightsFile
from nodeflow.diffusion.samplers.registry import SAMPLERS
from nodeflow.diffusion.samplers.step import ModelCall
from nodeflow.diffusion.sampling.evaluate import evaluate
from nodeflow.diffusion.sampling.forms import Form, Forms
from nodeflow.diffusion.sampling.recording import WishKeys
from nodeflow.diffusion.sampling.resident import model_of, schedule_of
from nodeflow.diffusion.sampling.trajectory import Prompts
from nodeflow.engine.recordings import StepRecordings
from tests.diffusion.closeness import relative_l2
from tests.diffusion.hooks.scene import Scene, scene


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """The embedded model with a LoRA of random numbers."""
    torch.set_num_threads(1)
    return scene(tmp_path_factory.mktemp("hooks"))


def with_hooks(conditioning: Conditioning, *hooks: Hook) -> Conditioning:
    """Prompts that carry them."""
    return Properties(hooks=hooks).of(conditioning)


def hooked(stage: Scene, *hooks: Hook, **more: object) -> Tensor:
    """A sampling with hooks on both sides."""
    sides = (with_hooks(stage.text(t), *hooks) for t in ("a red apple", ""))
    return stage.sampled(stage.trajectory(*sides), **more)  # type: ignore[arg-type]


def plain(stage: Scene, model: ModelRecipe | None = None) -> Tensor:
    """The same without."""
    return stage.sampled(stage.trajectory(stage.text("a red apple"), stage.text("")), model)


@pytest.mark.parametrize("keyframes", [(), (Keyframe(1.0),), (Keyframe(1.0), Keyframe(1.0, 0.5))])
def test_a_constant_hook_is_the_loaders_lora(stage: Scene, keyframes: tuple[Keyframe, ...]) -> None:
    wanted = plain(stage, model_with_adapter(stage.model, stage.lora, 0.8))
    made = hooked(stage, Hook(stage.lora, 0.8, 0.0, keyframes))
    assert torch.equal(made, wanted)
    assert relative_l2(wanted, plain(stage)) > 0.01


def test_strength_0_is_the_base(stage: Scene) -> None:
    base = plain(stage)
    for hook in (Hook(stage.lora, 0.0, 1.0), Hook(stage.lora, 1.0, 1.0, (Keyframe(0.0),))):
        assert torch.equal(hooked(stage, hook), base)


def test_hooks_come_behind_the_models_own_patches(stage: Scene) -> None:
    patched = model_with_adapter(stage.model, stage.lora, 0.4)
    both = replace(patched, patches=(*patched.patches, *patched.patches))
    made = hooked(stage, Hook(stage.lora, 0.4, 0.0), model=patched)
    assert torch.equal(made, plain(stage, both))


def test_two_hooks_are_both_applied(stage: Scene) -> None:
    model = merged(model_with_adapter(stage.model, stage.lora, 0.5), stage.model, {"": (1.0, 0.0)})
    first, second = Hook(stage.lora, 0.2, 0.0), Hook(stage.lora, 0.3, 0.0)
    assert relative_l2(hooked(stage, first, second), plain(stage, model)) < 1e-4


def test_a_keyframe_changes_the_model_in_the_midst(stage: Scene) -> None:
    trajectory = stage.trajectory(stage.text("a red apple"), stage.text(""), steps=6)
    middle = trajectory.sigmas[3]
    schedule = schedule_of(stage.model)
    percent = next(p / 1000 for p in range(1000) if schedule.at_percent(p / 1000) < middle * 1.05)
    assert schedule.at_percent(percent) >= middle
    lora = model_with_adapter(stage.model, stage.lora, 1.0)
    early = replace(trajectory, sigmas=trajectory.sigmas[:4])
    half = stage.sampled(early, lora)
    late = replace(
        trajectory, sigmas=trajectory.sigmas[3:], noise=replace(trajectory.noise, added=False),
        latent=replace(trajectory.latent, samples=half),
    )  # fmt: skip
    wanted = stage.sampled(late)
    hook = Hook(stage.lora, 1.0, 0.0, (Keyframe(1.0), Keyframe(0.0, percent)))
    sides = (with_hooks(stage.text(t), hook) for t in ("a red apple", ""))
    made = stage.sampled(stage.trajectory(*sides, steps=6))
    assert relative_l2(made, wanted) < 1e-5
    assert relative_l2(made, stage.sampled(trajectory, lora)) > 1e-3


def test_a_hook_on_one_region_leaves_the_other_alone(stage: Scene) -> None:
    left, right = torch.zeros(1, 64, 64), torch.zeros(1, 64, 64)
    left[:, :, :32], right[:, :, 32:] = 1, 1

    def rows(hooks: Hooks) -> list[Tensor]:
        pictures = stage.text("a red apple"), stage.text("a blue car")
        sides = (
            *Properties(left, hooks=hooks).of(pictures[0]),
            *Properties(right).of(pictures[1]),
        )
        regions, _ = resolve(sides, (), (1, 4, 8, 8), schedule_of(stage.model))
        x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
        wish = asked(ModelCall(x, 3.0, 0), [Side(regions)])
        return evaluate(model_of(stage.model, stage.residency), wish, block=2)

    base, made = rows(()), rows((Hook(stage.lora, 1.0, 0.0),))
    assert torch.equal(base[1], made[1])
    assert relative_l2(made[0], base[0]) > 0.01


def asked(call: ModelCall, sides: Sequence[Side]) -> tuple:  # type: ignore[type-arg]
    """What guidance asks of a model."""
    from nodeflow.diffusion.guidance.classifier_free import evaluate as guided

    return next(guided(call, sides))


def test_texts_are_encoded_with_the_hook(stage: Scene) -> None:
    _, clip = with_adapter(stage.model, stage.opened.clip, stage.lora, (0.0, 0.7))
    (wanted,), (base,) = stage.text("a cat", clip), stage.text("a cat")
    hook = Hook(stage.lora, 0.5, 0.7, (Keyframe(1.0), Keyframe(0.0, 0.4)))
    carried = replace(stage.opened.clip, hooks=ClipHooks((hook,), (hook,), False))
    (made,) = stage.text("a cat", carried)
    assert torch.equal(made.embedding, wanted.embedding) and made.hooks == (hook,)
    assert relative_l2(wanted.embedding, base.embedding) > 0.01
    scheduled = replace(stage.opened.clip, hooks=ClipHooks((hook,), (), True))
    first, second = stage.text("a cat", scheduled)
    assert torch.equal(first.embedding, wanted.embedding) and first.within == (0.0, 0.4)
    assert torch.equal(second.embedding, base.embedding) and second.within == (0.4, 1.0)
    assert first.hooks == second.hooks == ()
    late = tuple(replace(e, start_percent=0.3, end_percent=0.9) for e in (first, second))
    schedule = schedule_of(stage.model)
    regions, _ = resolve(late, (), (1, 4, 8, 8), schedule)
    limits = [(schedule.at_percent(a), schedule.at_percent(b)) for a, b in ((0.3, 0.4), (0.4, 0.9))]
    assert [(r.high, r.low) for r in regions] == limits


def test_a_whole_model_as_a_hook(stage: Scene) -> None:
    change = WholeModel(stage.other.model, stage.other.clip)
    assert torch.equal(hooked(stage, Hook(change, 1.0, 0.0)), plain(stage, stage.other.model))
    half = merged(stage.model, stage.other.model, {"": (0.5, 0.5)})
    assert torch.equal(hooked(stage, Hook(change, 0.5, 0.0)), plain(stage, half))
    patched = model_with_adapter(stage.model, stage.lora, 0.4)
    towards = merged(patched, stage.other.model, {"": (1.0, 0.5)})
    wanted = merged(towards, stage.model, {"": (1.0, -0.5)})
    made = hooked(stage, Hook(change, 0.5, 0.0), model=patched)
    assert torch.equal(made, plain(stage, wanted))
    clip = replace(stage.opened.clip, hooks=ClipHooks((Hook(change, 1.0, 1.0),), (), False))
    (text,), (other,) = stage.text("a cat", clip), stage.text("a cat", stage.other.clip)
    assert torch.equal(text.embedding, other.embedding)


def test_answers_are_recorded_by_hook_and_found_again(stage: Scene) -> None:
    recordings = StepRecordings(None)
    hook = Hook(stage.lora, 1.0, 0.0, (Keyframe(1.0), Keyframe(0.5, 0.3), Keyframe(0.0, 0.6)))

    def run(*hooks: Hook) -> tuple[Tensor, int]:
        session = recordings.session("test")
        return hooked(stage, *hooks, recordings=session), session.computed

    first, calls = run(hook)
    again, none = run(hook)
    assert torch.equal(first, again) and (calls, none) == (4, 0)
    base, _ = run()
    assert not torch.equal(base, first)
    other = replace(hook, strength_model=2.0)
    x = torch.zeros(1, 4, 8, 8)
    carried = (stage.text("a cat"), *(with_hooks(stage.text("a cat"), h) for h in (hook, other)))
    regions = [resolve(each, (), x.shape, schedule_of(stage.model))[0] for each in carried]
    sides = [Side(each) for each in regions]
    keys = [WishKeys("m").of(asked(ModelCall(x, 3.0, 0), [side])) for side in sides]
    assert len(set(keys)) == 3


@pytest.mark.parametrize("name", ["dpmpp_2m_sde", "heun"])
def test_samplers_of_every_kind_take_hooks(stage: Scene, name: str) -> None:
    hook = Hook(stage.lora, 0.8, 0.0)
    texts = stage.text("a red apple"), stage.text("")
    one = stage.trajectory(*(with_hooks(t, hook) for t in texts))
    other = stage.trajectory(*texts)
    made, wanted = (replace(t, sampler=SAMPLERS[name]) for t in (one, other))  # type: ignore[index]
    lora = model_with_adapter(stage.model, stage.lora, 0.8)
    assert torch.equal(stage.sampled(made), stage.sampled(wanted, lora))
    assert isinstance(made.guidance, Prompts)


def test_forms_share_weights_and_do_not_grow(stage: Scene) -> None:
    base = stage.residency.unet(stage.model)
    forms = Forms(base, stage.model, room=10**9)
    one = forms((Weighed(stage.lora, 1.0),))
    own = {id(p) for p in base.parameters()}
    shared = [p for p in one.network.parameters() if id(p) in own]
    assert len(shared) > len(own) / 2 and one.size < sum(p.nbytes for p in base.parameters()) / 2
    assert forms((Weighed(stage.lora, 1.0),)) is one and forms.size == one.size
    tight = Forms(base, stage.model, room=int(2.5 * one.size))
    sizes = []
    for strength in range(1, 30):
        tight((Weighed(stage.lora, strength / 10),))
        sizes.append(tight.size)
    assert max(sizes) == 2 * one.size
    none = Forms(base, stage.model, room=-1)
    none((Weighed(stage.lora, 1.0),))
    none((Weighed(stage.lora, 2.0),))
    assert none.size == one.size


def lora_of(folder: Path, name: str, stem: str, into: int = 192) -> WeightsFile:
    """A LoRA of one entry."""
    from safetensors.torch import save_file

    shapes = {"lora_up": (64, 2), "lora_down": (2, into)}
    tensors = {f"{stem}.{role}.weight": torch.zeros(shape) for role, shape in shapes.items()}
    save_file(tensors, folder / f"{name}.safetensors")
    return WeightsFile(str(folder / f"{name}.safetensors"), name)


def test_a_hook_for_another_family_is_refused(stage: Scene, tmp_path: Path) -> None:
    deep = "lora_unet_down_blocks_5_attentions_0_transformer_blocks_0_attn2_to_k"
    file = lora_of(tmp_path, "foreign", deep)
    for hooks in ([Hook(file, 1.0, 0.0)], [Hook(stage.lora, 1.0, 0.0), Hook(file, 1.0, 0.0)]):
        with pytest.raises(CheckpointError, match=r"'foreign.safetensors' .* another family"):
            hooked(stage, *hooks)
    stem = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k"
    wide = lora_of(tmp_path, "wide", stem, 2048)
    with pytest.raises(CheckpointError, match=r"wide.safetensors: .* another family"):
        hooked(stage, Hook(wide, 1.0, 0.0))


def test_a_hook_for_text_encoders_alone_leaves_the_network(stage: Scene, tmp_path: Path) -> None:
    stem = "lora_te_text_model_encoder_layers_0_self_attn_q_proj"
    file = lora_of(tmp_path, "words", stem)
    assert torch.equal(hooked(stage, Hook(file, 1.0, 0.0)), plain(stage))


def test_threads_that_ask_for_one_form_get_the_same(stage: Scene) -> None:
    base = stage.residency.unet(stage.model)
    forms = Forms(base, stage.model, room=10**9)
    barrier = threading.Barrier(4)

    def ask(_: int) -> Form:
        barrier.wait()
        return forms((Weighed(stage.lora, 0.5),))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert all(form is found[0] for form in found)
