"""Prompt languages: A1111's, wildcards and dynamic prompts, a prompt for each image."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

from nodeflow.node import Folders, InputProblem, Multiline, Range, RunContext, Seed, node
from nodeflow.values import Clip, Conditioning, foreseen

if TYPE_CHECKING:
    from nodeflow.diffusion.prompting.wildcards import WildcardFolders
    from nodeflow.diffusion.text.encoders import TextEncoders


def wildcards(folders: Folders) -> "WildcardFolders":
    """The `wildcards` folders among the models, and the one in the input folder."""
    from nodeflow.diffusion.prompting.wildcards import WildcardFolders

    return WildcardFolders((*folders.model_folders("wildcards"), folders.input / "wildcards"))


def resolvable(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """Every wildcard must be there."""
    from nodeflow.diffusion.prompting.dynamic import DynamicPromptError, resolve

    text, seed = literals.get("text"), literals.get("seed", 0)
    if isinstance(text, str) and isinstance(seed, int):
        try:
            resolve(text, seed, wildcards(folders).lines)
        except DynamicPromptError as error:
            expected = "choices like {a|b}, and names of files in the wildcards folder"
            yield InputProblem("text", str(error), expected)


def chosen(literals: Mapping[str, object], folders: Folders) -> Iterable[str]:
    """What decides the result: the resolved text, or the files where the text is linked."""
    from nodeflow.diffusion.prompting.dynamic import DynamicPromptError, resolve

    text, seed = literals.get("text"), literals.get("seed", 0)
    found = wildcards(folders)
    if isinstance(text, str) and isinstance(seed, int):
        try:
            yield resolve(text, seed, found.lines)
        except DynamicPromptError as error:
            yield str(error)
    else:
        for name, path in sorted(found.files.items()):
            stat = path.stat()
            yield f"{name} {stat.st_size} {stat.st_mtime_ns}"


def named_inversions(literals: Mapping[str, object], folders: Folders) -> Iterable[str]:
    """Content of the embedding files that the text names; of all, where the text is linked."""
    from nodeflow.diffusion.text.inversion_folders import files_for
    from nodeflow.node.file_digest import content_digest

    text = literals.get("text")
    texts = [text] if isinstance(text, str) else None
    yield from map(content_digest, files_for(folders.model_folders("embeddings"), texts))


@node(
    "CLIPTextEncodeA1111",
    category="conditioning",
    display_name="CLIP Text Encode (A1111)",
    lane="device",
    pure=False,
    depends=named_inversions,
    infer=foreseen.text,
)
def clip_text_encode_a1111(
    text: Annotated[str, Multiline()],
    clip: Clip,
    context: RunContext,
    steps: Annotated[int, Range(1, 10000, step=1)] = 20,
) -> Conditioning:
    """Encode a prompt in the language and with the arithmetic of the A1111 web UI.

    `(x)` `[x]` `(x:1.3)` weigh, `BREAK` starts a new chunk, `AND` joins prompts, `[a:b:0.5]`
    changes over the steps, `[a|b]` alternates. The name of a file in the `embeddings` folder stands
    for its vectors.

    Args:
        text: what the picture shows.
        clip: the text encoder.
        steps: the steps of the sampler, which the changes are counted in.
    """
    from nodeflow.diffusion.hooks.texts import encode_with
    from nodeflow.diffusion.prompting.encode import encode_prompt_a1111
    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.text.inversion_folders import Inversions

    inversions = Inversions(context.folders.model_folders("embeddings"), bare=True)
    residency = context.resources.get(*residency_of(context.device))
    return encode_with(
        residency,
        clip,
        lambda e: encode_prompt_a1111(e, text, steps, clip.stop_at_layer, inversions),
    )


@node(
    "CLIPTextEncodeBatch",
    category="conditioning",
    lane="device",
    pure=False,
    depends=named_inversions,
    infer=foreseen.text,
)
def clip_text_encode_batch(
    text: Annotated[str, Multiline()], clip: Clip, context: RunContext
) -> Conditioning:
    """A prompt for each image of a batch, one a line; with more images they start again.

    Args:
        text: the prompts, one a line; empty lines are left out.
        clip: the text encoder.
    """
    from nodeflow.diffusion.guidance.mix import stacked
    from nodeflow.diffusion.hooks.texts import encode_with
    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.text.encode import encode_prompt
    from nodeflow.diffusion.text.inversion_folders import Inversions

    inversions = Inversions(context.folders.model_folders("embeddings"))
    residency = context.resources.get(*residency_of(context.device))
    lines = [line for line in text.splitlines() if line.strip()] or [""]

    def encode(encoders: "TextEncoders") -> Conditioning:
        layer = clip.stop_at_layer
        return stacked([encode_prompt(encoders, line, layer, inversions)[0] for line in lines])

    return encode_with(residency, clip, encode)


@node(
    "DynamicPrompt",
    category="utils/text",
    display_name="Dynamic Prompt (wildcards)",
    pure=False,
    depends=chosen,
    validate=resolvable,
)
def dynamic_prompt(
    text: Annotated[str, Multiline()],
    context: RunContext,
    seed: Annotated[int, Range(0, 2**64 - 1, step=1), Seed()] = 0,
) -> str:
    """A prompt with choices, made by a seed.

    `{a|b}` takes one, `{2$$a|b|c}` two, `{0.7::a|b}` by weight, `__name__` a line of
    `wildcards/name.txt`.

    Args:
        text: the prompt with its choices.
        seed: equal seeds give equal prompts.
    """
    from nodeflow.diffusion.prompting.dynamic import resolve

    return resolve(text, seed, wildcards(context.folders).lines)
