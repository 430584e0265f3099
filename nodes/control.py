"""Control nets: loaded, and put to work on prompts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, NamedTuple

from nodeflow.diffusion.control.kinds import PictureKind
from nodeflow.node import Folders, InputProblem, ModelFile, Range, RunContext, node
from nodeflow.values import Conditioning, ControlNet, Image, Model, Vae, foreseen

if TYPE_CHECKING:
    from nodeflow.diffusion.conditioning import Control

NetFile = Annotated[str, ModelFile("controlnet")]
Strength = Annotated[float, Range(0.0, 10.0, step=0.01)]
Percent = Annotated[float, Range(0.0, 1.0, step=0.001)]


class Steered(NamedTuple):
    positive: Conditioning
    negative: Conditioning


def readable_control(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be sound and a control net."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.control.files import ControlKind, read_control

    name = str(literals["control_net_name"])
    try:
        found = read_control(folders.find_model("controlnet", name))
    except CheckpointError as error:
        message = f"'{name}' cannot be used: {error}"
        expected = "a control net or T2I adapter in safetensors"
        yield InputProblem("control_net_name", message, expected)
        return
    if found.kind is ControlKind.DIFFERENCE:
        hint = "use DiffControlNetLoader, which takes the model it is a difference to"
        yield InputProblem(
            "control_net_name", f"'{name}' is a difference to a model", "a whole control net",
            hint=hint,
        )  # fmt: skip


@node(
    "ControlNetLoader",
    category="loaders",
    display_name="Load ControlNet Model",
    store=False,
    validate=readable_control,
    infer=foreseen.lone_control,
)
def control_net_loader(control_net_name: NetFile, context: RunContext) -> ControlNet:
    """A network that steers sampling by a picture: edges, depth, poses; a T2I adapter too.

    Args:
        control_net_name: a file in the `controlnet` folders, with or without its suffix.
    """
    from nodeflow.diffusion.recipe import ControlRecipe, WeightsFile

    path = context.folders.find_model("controlnet", control_net_name)
    return ControlRecipe(WeightsFile(str(path), context.fingerprint(path)))


@node(
    "DiffControlNetLoader",
    category="loaders",
    display_name="Load ControlNet Model (diff)",
    store=False,
    infer=foreseen.lone_control,
)
def diff_control_net_loader(
    model: Model, control_net_name: NetFile, context: RunContext
) -> ControlNet:
    """A control net stored as the difference to a model.

    Args:
        model: the model that it is a difference to.
        control_net_name: a file in the `controlnet` folders, with or without its suffix.
    """
    from nodeflow.diffusion.recipe import ControlRecipe, WeightsFile

    path = context.folders.find_model("controlnet", control_net_name)
    return ControlRecipe(WeightsFile(str(path), context.fingerprint(path)), base=model)


@node(
    "SetUnionControlNetType",
    category="conditioning/controlnet",
    store=False,
    infer=foreseen.passed(("CONTROL_NET", "control_net")),
)
def set_union_control_net_type(control_net: ControlNet, type: PictureKind = "auto") -> ControlNet:
    """Tell a union control net what kind of picture it is going to see.

    Args:
        control_net: a network for several kinds of picture.
        type: the kind; `tile` and `repaint` only "promax" files know; `auto` tells nothing.
    """
    from nodeflow.diffusion.control.kinds import numbers_of

    return replace(control_net, types=numbers_of(type, control_net))


def steered(conditioning: Conditioning, control: "Control") -> Conditioning:
    """Every entry with one control more."""
    if control.strength == 0:
        return conditioning
    return tuple(replace(e, controls=(*e.controls, control)) for e in conditioning)


@node(
    "ControlNetApply",
    category="conditioning/controlnet",
    deprecated=True,
    infer=foreseen.steered(("CONDITIONING", "conditioning")),
)
def control_net_apply(
    conditioning: Conditioning, control_net: ControlNet, image: Image, strength: Strength = 1.0
) -> Conditioning:
    """Let a picture steer both sides of sampling; ControlNetApplyAdvanced can do more.

    Args:
        conditioning: the positive prompt; the negative one is steered too.
        control_net: the network.
        image: what it looks at.
        strength: 0 changes nothing.
    """
    from nodeflow.diffusion.conditioning import Control

    hint = image[..., :3].movedim(-1, 1).contiguous()
    return steered(conditioning, Control(control_net, hint, strength, both=True))


@node(
    "ControlNetApplyAdvanced",
    category="conditioning/controlnet",
    display_name="Apply ControlNet",
    infer=foreseen.steered(("positive", "positive"), ("negative", "negative")),
)
def control_net_apply_advanced(
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    image: Image,
    strength: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
    vae: Vae | None = None,
) -> Steered:
    """Let a picture steer sampling, for a part of it. Several may follow each other.

    Args:
        positive: what the picture shows.
        negative: what it does not show.
        control_net: the network.
        image: what it looks at.
        strength: 0 changes nothing.
        start_percent: where in the sampling it begins to act.
        end_percent: where it ends.
        vae: not needed by networks for Stable Diffusion; accepted for other tools' files.
    """
    from nodeflow.diffusion.conditioning import Control

    hint = image[..., :3].movedim(-1, 1).contiguous()
    control = Control(control_net, hint, strength, start_percent, end_percent)
    return Steered(steered(positive, control), steered(negative, control))
