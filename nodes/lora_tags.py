"""LoRA files that a prompt names."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, NamedTuple

from nodeflow.node import Folders, InputProblem, Multiline, RunContext, node
from nodeflow.node.infer import Inferred
from nodeflow.values import Clip, Model, foreseen


class Tagged(NamedTuple):
    MODEL: Model
    CLIP: Clip
    text: str


def named_files(literals: Mapping[str, object], folders: Folders) -> Iterable[str]:
    """Content of the files that the text names; size and time of all, where the text is linked."""
    from nodeflow.diffusion.prompting.lora_tags import LoraTagError, lora_tags
    from nodeflow.node.file_digest import content_digest
    from nodeflow.node.folders import FileMissing

    text = literals.get("text")
    try:
        if isinstance(text, str):
            names = [tag.name for tag in lora_tags(text)[1]]
            yield from (content_digest(folders.find_model("loras", name)) for name in names)
            return
        for name in sorted(folders.model_files("loras")):
            stat = folders.find_model("loras", name).stat()
            yield f"{name} {stat.st_size} {stat.st_mtime_ns}"
    except (LoraTagError, FileMissing) as error:
        yield str(error)


def readable_tags(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """Every tag must be whole and name an adapter that is there."""
    from nodeflow.diffusion.adapters.grouping import check_adapter
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.prompting.lora_tags import LoraTagError, lora_tags
    from nodeflow.node.folders import FileMissing

    text = literals.get("text")
    if not isinstance(text, str):
        return
    try:
        for tag in lora_tags(text)[1]:
            check_adapter(folders.find_model("loras", tag.name))
    except FileMissing as error:
        expected = "the name of a file in the loras folder"
        yield InputProblem("text", str(error), expected, error.nearest)
    except LoraTagError as error:
        yield InputProblem("text", str(error), "<lora:name:0.8>")
    except CheckpointError as error:
        yield InputProblem("text", f"'{tag.name}' cannot be used: {error}", "a LoRA in safetensors")


def fitting_tags(known: Mapping[str, object], folders: Folders) -> Inferred:
    """Each file must be for the model's family."""
    from nodeflow.diffusion.prompting.lora_tags import LoraTagError, lora_tags

    one = foreseen.adapter(("MODEL", "model"), ("CLIP", "clip"))
    text = known.get("text")
    facts = one(known, folders).facts
    try:
        tags = lora_tags(text)[1] if isinstance(text, str) else ()
    except LoraTagError:
        return Inferred(facts)
    each = [{**known, "lora_name": t.name, "strength_model": t.for_model} for t in tags]
    problems = [problem for values in each for problem in one(values, folders).problems]
    return Inferred(facts, problems=tuple(replace(p, input="text") for p in problems))


@node(
    "LoraTags",
    category="loaders",
    display_name="Load LoRAs named in the prompt",
    store=False,
    pure=False,
    depends=named_files,
    validate=readable_tags,
    infer=fitting_tags,
)
def lora_tags_loader(
    model: Model, clip: Clip, text: Annotated[str, Multiline()], context: RunContext
) -> Tagged:
    """Change a model and its text encoder by each `<lora:name:0.8>` of a prompt, as A1111 does.

    `<lora:name:0.5:0.8>` has 0.5 for the text encoder and 0.8 for the model. The prompt comes out
    without the tags, to be encoded.

    Args:
        model: the model.
        clip: the text encoder.
        text: the prompt; names are those of files in the `loras` folders.
    """
    from nodeflow.diffusion.adapters.open import with_adapter
    from nodeflow.diffusion.prompting.lora_tags import lora_tags
    from nodeflow.diffusion.recipe import WeightsFile

    prompt, tags = lora_tags(text)
    for tag in tags:
        path = context.folders.find_model("loras", tag.name)
        file = WeightsFile(str(path), context.fingerprint(path))
        model, clip = with_adapter(model, clip, file, (tag.for_model, tag.for_text))
    return Tagged(model, clip, prompt)
