"""Names of weights in files of diffusers and transformers, where they differ from ours."""

from collections.abc import Container, Iterable

from nodeflow.diffusion.checkpoint.stored import Stored

OLD_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


def stored_name(ours: str, prefix: str, present: Container[str]) -> str:
    """The name a weight has in the file.

    Old autoencoders call the attention's projections otherwise, transformers 5 writes text
    encoders without `text_model.`, and unCLIP's UNet calls the label's embedding a class's.
    """
    if prefix + ours in present:
        return prefix + ours
    others = [
        ours.removeprefix("text_model."),
        ours.replace("add_embedding.", "class_embedding."),
        *(ours.replace(f".{new}.", f".{old}.") for old, new in OLD_ATTENTION.items()),
    ]
    return prefix + next((name for name in others if prefix + name in present), ours)


def diffusers_names(ours: Iterable[str], prefix: str, present: Container[str]) -> dict[str, Stored]:
    """Our name to the file's, for every weight."""
    return {name: Stored(stored_name(name, prefix, present)) for name in ours}
