"""The word of a prompt that stands for somebody: the one before `photomaker`."""

import re
from collections.abc import Sequence
from dataclasses import replace

from nodeflow.diffusion.text.chunks import ROOM, words_of
from nodeflow.diffusion.text.prompt import Piece
from nodeflow.diffusion.text.tokenizer import Tokenizer

TRIGGER = "photomaker"
_CLASS = re.compile(rf"(\S+)\s+{TRIGGER}\b")


def class_words(
    pieces: Sequence[Piece], pictures: int, tokenizer: Tokenizer
) -> tuple[list[Piece], tuple[int, ...]]:
    """The pieces without the trigger, the word before it once for each picture, and where the last
    token of each stands in the first chunk. No places where there is no trigger.

    Raises ValueError where they lie beyond the first 75 tokens, or nothing is before the trigger.
    """
    found = ((n, match) for n, p in enumerate(pieces) if (match := _CLASS.search(p.text)))
    number, match = next(found, (0, None))
    if match is None:
        if any(re.search(rf"\b{TRIGGER}\b", piece.text) for piece in pieces):
            raise ValueError(
                f"'{TRIGGER}' stands behind no word; write what the pictures show before it, "
                f"within the same parentheses: 'a man {TRIGGER} in a boat'"
            )
        return list(pieces), ()
    piece = pieces[number]
    earlier = [*pieces[:number], replace(piece, text=piece.text[: match.start()])]
    before = sum(count(part, tokenizer) for part in earlier)
    word = match[1]
    each = count(replace(piece, text=word), tokenizer)
    last = before + pictures * each
    if last > ROOM:
        raise ValueError(
            f"'{word} {TRIGGER}' ends at token {last} of the prompt, and must be in the first "
            f"{ROOM}: put it further to the front, or give fewer than {pictures} pictures"
        )
    text = piece.text[: match.start()] + " ".join([word] * pictures) + piece.text[match.end() :]
    changed = [*pieces[:number], replace(piece, text=text), *pieces[number + 1 :]]
    return changed, tuple(before + each * (picture + 1) for picture in range(pictures))


def count(piece: Piece, tokenizer: Tokenizer) -> int:
    """How many tokens a piece has."""
    return sum(len(word) for word in words_of(piece, tokenizer))
