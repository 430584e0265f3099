"""A sampling: prompts and model of one family, pictures where the model wants them."""

from collections.abc import Callable

from nodeflow.node.facts import (
    ConditioningFacts,
    LatentFacts,
    WeightsFacts,
)
from nodeflow.node.folders import Folders
from nodeflow.node.infer import Infer, Inferred
from nodeflow.values.foreseen.adapters import foreign_boxes
from nodeflow.values.foreseen.control import foreign_controls
from nodeflow.values.foreseen.files import Known, foreign
from nodeflow.values.foreseen.pictures import cells
from nodeflow.values.foreseen.weights import together


def sampling(sides: tuple[str, ...], factor: Callable[[Known], float | None]) -> Infer:
    """LATENT of a sampler: prompts of the model's family, pictures where the model wants them.

    factor: network calls for a cell.
    """

    def infer(known: Known, folders: Folders) -> Inferred:
        latent = known.get("latent_image")
        sized = latent if isinstance(latent, LatentFacts) else LatentFacts()
        facts = {} if sized == LatentFacts() else {"LATENT": sized}
        calls, count = factor(known), cells(sized)
        work = None if calls is None or count is None else calls * count
        model = known.get("model")
        if not isinstance(model, WeightsFacts):
            return Inferred(facts, work)
        prompts = {side: known.get(side) for side in sides}
        brought = (
            given.weights if isinstance(given, ConditioningFacts) else None
            for given in prompts.values()
        )  # fmt: skip
        weights = together(model.weights, *brought)
        problems = [
            foreign(
                side,
                f"the prompt comes from text encoders {given.width:,} numbers wide, the model is "
                f"{model.family} and reads {model.context_width:,}",
                f"a prompt encoded with the CLIP of a {model.family} checkpoint",
            )
            for side, given in prompts.items()
            if isinstance(given, ConditioningFacts)
            and None not in (given.width, model.context_width)
            and given.width != model.context_width
        ]
        problems += [
            misplaced
            for side, given in prompts.items()
            if isinstance(given, ConditioningFacts)
            and (misplaced := foreign_boxes(side, given, model)) is not None
        ]
        problems += [
            problem
            for side, given in prompts.items()
            if isinstance(given, ConditioningFacts)
            for problem in foreign_controls(side, given, model)
        ]
        first = prompts[sides[0]]
        bare = isinstance(first, ConditioningFacts) and first.picture is False
        warnings = []
        match model.in_channels:
            case 9 if bare and sized != LatentFacts() and not sized.masked:
                warnings.append(
                    foreign(
                        "model",
                        "an inpainting model (9 channels) without a mask: all is made anew",
                        "InpaintModelConditioning, or a latent with a noise mask",
                    )
                )
            case 5 if bare:
                problems.append(
                    foreign(
                        "model",
                        "a depth model (5 channels) without a depth map",
                        "DepthConditioning before the sampler",
                    )  # fmt: skip
                )
            case 8 if bare:
                warnings.append(
                    foreign(
                        "model",
                        "an editing model (8 channels) without a picture to edit",
                        "InstructPixToPixConditioning before the sampler",
                    )  # fmt: skip
                )
        return Inferred(facts, work, tuple(problems), tuple(warnings), weights)

    return infer


def network_calls(known: Known) -> float | None:
    """Steps of a KSampler, twice where it is guided; None where they are linked."""
    steps = known.get("steps")
    if not isinstance(steps, int):
        return None
    return steps * (1 if known.get("cfg") == 1 else 2)
