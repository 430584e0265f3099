"""Control nets and T2I adapters: which models they are for, on the way from file to sampler."""

from collections.abc import Iterable
from dataclasses import replace

from nodeflow.node.facts import ConditioningFacts, ControlFacts, WeightsFacts
from nodeflow.node.folders import Folders
from nodeflow.node.infer import NOTHING, Infer, Inferred
from nodeflow.node.spec import InputProblem
from nodeflow.values.foreseen.files import Known, foreign, found, passed, weights_of
from nodeflow.values.foreseen.weights import file_weights, together


def lone_control(known: Known, folders: Folders) -> Inferred:
    """CONTROL_NET of a file: the text that its models read."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.control.files import read_control
    from nodeflow.diffusion.control.made_for import texts_of

    path = found(known, folders, "control_net_name", "controlnet")
    if path is None:
        return NOTHING
    try:
        read = read_control(path)
        texts = texts_of(read)
    except CheckpointError:
        return NOTHING
    weights = file_weights(read.path)
    if "model" in known:
        weights = together(weights, weights_of(known["model"]))
    return Inferred({"CONTROL_NET": ControlFacts(path.name, texts, weights)})


def steered(*ports: tuple[str, str]) -> Infer:
    """Prompts with a control net more: (output, input)."""
    through = passed(*ports)

    def infer(known: Known, folders: Folders) -> Inferred:
        net, facts = known.get("control_net"), through(known, folders).facts
        if not isinstance(net, ControlFacts) or known.get("strength") == 0:
            return Inferred(facts)
        return Inferred(
            {
                port: replace(
                    given,
                    controls=(*given.controls, net),
                    weights=together(given.weights, net.weights),
                )
                if isinstance(given, ConditioningFacts)
                else given
                for port, given in facts.items()
            }
        )

    return infer


def combined(known: Known, folders: Folders) -> Inferred:
    """CONDITIONING of two prompts: the family of the first, the control nets of both."""
    first, second = known.get("conditioning_1"), known.get("conditioning_2")
    if not isinstance(first, ConditioningFacts):
        return NOTHING
    if not isinstance(second, ConditioningFacts):
        return Inferred({"CONDITIONING": replace(first, weights=None)})
    both = replace(
        first,
        controls=tuple(dict.fromkeys((*first.controls, *second.controls))),
        weights=together(first.weights, second.weights),
    )
    return Inferred({"CONDITIONING": both})


def foreign_controls(
    side: str, given: ConditioningFacts, model: WeightsFacts
) -> Iterable[InputProblem]:
    """Control nets of a prompt that are for another family than the model."""
    from nodeflow.diffusion.control.made_for import foreign_text

    for net in given.controls:
        if net.texts and model.context_width is not None and model.context_width not in net.texts:
            message = foreign_text(net.file, net.texts, model.context_width)
            yield foreign(side, message, f"a control net for {model.family}")
