"""Somebody in a prompt, from pictures."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from nodeflow.node import Folders, InputProblem, ModelFile, Multiline, RunContext, node
from nodeflow.values import Clip, Conditioning, Image, PhotoMaker, foreseen


def readable_photomaker(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be sound and PhotoMaker's first version."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.photomaker.files import read_photomaker

    name = str(literals["photomaker_model_name"])
    try:
        read_photomaker(folders.find_model("photomaker", name))
    except CheckpointError as error:
        expected = "PhotoMaker's first version"
        yield InputProblem("photomaker_model_name", f"'{name}' cannot be used: {error}", expected)


@node(
    "PhotoMakerLoader",
    category="loaders",
    display_name="Load PhotoMaker",
    store=False,
    validate=readable_photomaker,
    infer=foreseen.lone_photomaker,
)
def photomaker_loader(
    photomaker_model_name: Annotated[str, ModelFile("photomaker")], context: RunContext
) -> PhotoMaker:
    """What puts somebody in pictures into a prompt. Its LoRA is loaded by LoraLoader.

    Args:
        photomaker_model_name: a file in the `photomaker` folders; `.bin` files only where pickled
            files are allowed.
    """
    from nodeflow.diffusion.recipe import PhotoMakerRecipe, WeightsFile

    path = context.folders.find_model("photomaker", photomaker_model_name)
    return PhotoMakerRecipe(WeightsFile(str(path), context.fingerprint(path)))


@node(
    "PhotoMakerEncode",
    category="conditioning/photomaker",
    lane="device",
    infer=foreseen.person,
)
def photomaker_encode(
    photomaker: PhotoMaker,
    image: Image,
    clip: Clip,
    text: Annotated[str, Multiline()],
    context: RunContext,
) -> Conditioning:
    """Encode a prompt in which a word means somebody in pictures: "a man photomaker in a boat".

    The word before `photomaker` is fused with the pictures; without it they count for nothing.

    Args:
        photomaker: for the family of `clip`.
        image: pictures of one person, a few at most.
        clip: the text encoders.
        text: what the picture shows.
    """
    from nodeflow.diffusion.hooks.texts import encode_with
    from nodeflow.diffusion.photomaker.encode import encode_person
    from nodeflow.diffusion.residency import residency_of

    residency = context.resources.get(*residency_of(context.device))
    network = residency.photomaker(photomaker.source)
    return encode_with(
        residency, clip, lambda e: encode_person(e, network, image, text, clip.stop_at_layer)
    )
