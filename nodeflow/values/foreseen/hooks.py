"""What nodes with hooks will give, and hooks for another family than the prompt's or the CLIP's."""

from collections.abc import Iterable
from dataclasses import replace

from nodeflow.node.facts import ConditioningFacts, HooksFacts, WeightsFacts
from nodeflow.node.folders import Folders
from nodeflow.node.infer import Infer, Inferred
from nodeflow.node.spec import InputProblem
from nodeflow.values.foreseen.files import Known, foreign, found, model_facts, passed
from nodeflow.values.foreseen.weights import stamp


def created(input: str, kind: str) -> Infer:
    """HOOKS of a file, behind those before it."""

    def infer(known: Known, folders: Folders) -> Inferred:
        before = known.get("prev_hooks")
        files = before.files if isinstance(before, HooksFacts) else ()
        width = _width(known, folders, input, kind)
        idle = known.get("strength_model") == 0 and known.get("strength_clip", 0) == 0
        if width is not None and not idle:
            files = (*files, (str(known[input]), width))
        return Inferred({"HOOKS": HooksFacts(files)})

    return infer


def _width(known: Known, folders: Folders, input: str, kind: str) -> int | None:
    from nodeflow.diffusion.adapters.grouping import context_width
    from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header

    path = found(known, folders, input, kind)
    if path is None:
        return None
    if kind == "checkpoints":
        model = model_facts(str(path), stamp(path))
        return None if model is None else model.context_width
    try:
        return context_width(read_header(path))
    except CheckpointError:
        return None


def joined(*inputs: str) -> Infer:
    """HOOKS of several."""

    def infer(known: Known, folders: Folders) -> Inferred:
        every = (known.get(name) for name in inputs)
        files = (file for facts in every if isinstance(facts, HooksFacts) for file in facts.files)
        return Inferred({"HOOKS": HooksFacts(tuple(files))})

    return infer


def hooked(*ports: tuple[str, str]) -> Infer:
    """Prompts or text encoders with `hooks`, which must be for their family: (output, input)."""
    through = passed(*ports)

    def infer(known: Known, folders: Folders) -> Inferred:
        facts = dict(through(known, folders).facts)
        hooks = known.get("hooks")
        if isinstance(hooks, HooksFacts):
            # A changed form of the network for each time at which other hooks hold.
            for port, given in facts.items():
                if isinstance(given, ConditioningFacts | WeightsFacts):
                    facts[port] = replace(given, weights=None)
        problems = dict.fromkeys(p for _, name in ports for p in strangers(known, known.get(name)))
        return Inferred(facts, problems=tuple(problems))

    return infer


def strangers(known: Known, given: object) -> Iterable[InputProblem]:
    """Hooks for models that read other text than is given."""
    hooks = known.get("hooks")
    if not isinstance(hooks, HooksFacts):
        return
    match given:
        case ConditioningFacts(family=family, width=width):
            pass
        case WeightsFacts(family=family, context_width=width):
            pass
        case _:
            return
    for file, wanted in hooks.files:
        if width not in (None, wanted):
            message = (
                f"'{file}' is for models that read text {wanted:,} numbers wide, "
                f"what it is given to is {width:,} wide"
            )
            yield foreign("hooks", message, f"a hook for {family or 'the same family'}")
