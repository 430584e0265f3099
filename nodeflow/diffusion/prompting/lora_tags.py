"""`<lora:name:0.8>` in a prompt, as the A1111 web UI reads it."""

import re
from dataclasses import dataclass

TAG = re.compile(r"<lora:([^<>]*)>")
STRONGEST = 100


class LoraTagError(ValueError):
    """A tag that cannot be read."""


@dataclass(frozen=True)
class LoraTag:
    """A file and how strongly it changes the model and the text encoder."""

    name: str
    for_model: float
    for_text: float


def lora_tags(prompt: str) -> tuple[str, tuple[LoraTag, ...]]:
    """The prompt without its tags, and the tags in order.

    `<lora:name:t:m>` has strength t for the text encoder and m for the model; m is t where it is
    left out, and t is 1. `te=` and `unet=` name them. Raises LoraTagError.
    """
    return TAG.sub("", prompt).strip(), tuple(_tag(inside) for inside in TAG.findall(prompt))


def _tag(inside: str) -> LoraTag:
    name, *rest = (part.strip() for part in inside.split(":"))
    named = dict(part.split("=", 1) for part in rest if "=" in part)
    plain = [part for part in rest if "=" not in part]
    if not name or len(plain) > 2 or not named.keys() <= {"te", "unet"}:
        raise LoraTagError(f"<lora:{inside}> is no <lora:name:strength>")
    try:
        first = float(plain[0]) if plain else 1.0
        for_text = float(named.get("te", first))
        second = float(plain[1]) if len(plain) > 1 else for_text
        for_model = float(named.get("unet", second))
    except ValueError as error:
        raise LoraTagError(f"<lora:{inside}> has a strength that is no number") from error
    if not all(abs(strength) <= STRONGEST for strength in (for_model, for_text)):
        raise LoraTagError(f"<lora:{inside}> has a strength beyond ±{STRONGEST}")
    return LoraTag(name, for_model, for_text)
