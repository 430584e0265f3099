"""A1111's prompt editing: `[from:to:when]`, `[to:when]`, `[from::when]`, `[a|b]`, `AND`.

`when` with a point is a part of the steps, without one a step's number. The grammar and its
rounding are those of A1111's `prompt_parser`: a text is used up to and including the step that
ends it, counted from 0, so `[a:b:0.5]` in 10 steps uses `a` in the steps 0 to 5.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

_TOKENS = re.compile(r"\\.|[\[\]():|]|[^\\\[\]():|]+|\\", re.DOTALL)
_WHEN = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*")
_AND = re.compile(r"\bAND\b")
_WEIGHT = re.compile(r"^(.*?)(?:\s*:\s*([-+]?(?:\d+\.?\d*|\.\d+)))?\s*$", re.DOTALL)
DEEPEST = 200

TextAt: TypeAlias = Callable[[int], str]
"""The text in a step, counted from 1."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A text and the last step, counted from 0, in which it is used."""

    end: int
    text: str


def partners(tokens: Sequence[str]) -> dict[int, int]:
    """Places of opening brackets to those of the closing ones; a bracket without one is text."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for place, token in enumerate(tokens):
        if token in ("[", "("):
            opened.append(place)
        elif token in ("]", ")") and opened and tokens[opened[-1]] == "[("[token == ")"]:
            pairs[opened.pop()] = place
    return pairs


class Editing:
    """The parts of one prompt: plain text, edits and alternations, for a number of steps."""

    def __init__(self, prompt: str, steps: int) -> None:
        self.tokens = _TOKENS.findall(prompt)
        self.pairs = partners(self.tokens)
        self.steps = steps
        self.ends = {steps}
        self.parts = self.span(0, len(self.tokens), 0)

    def span(self, start: int, end: int, depth: int) -> list[TextAt]:
        """The tokens from `start` up to `end`."""
        parts: list[TextAt] = []
        place = start
        while place < end:
            close = self.pairs.get(place) if depth < DEEPEST else None
            if close is None:
                parts.append(_constant(self.tokens[place]))
            else:
                edit = self.edit(place, close, depth) if self.tokens[place] == "[" else None
                if edit is None:
                    parts.append(_constant(self.tokens[place]))
                    parts.extend(self.span(place + 1, close, depth + 1))
                    parts.append(_constant(self.tokens[close]))
                else:
                    parts.append(edit)
                place = close
            place += 1
        return parts

    def edit(self, start: int, close: int, depth: int) -> TextAt | None:
        """What stands between brackets, where it is an edit or an alternation."""
        marks = []
        place = start + 1
        while place < close:
            if self.tokens[place] in (":", "|"):
                marks.append(place)
            place = self.pairs.get(place, place) + 1
        kinds = {self.tokens[mark] for mark in marks}
        cuts = [start, *marks, close]
        when = _WHEN.fullmatch("".join(self.tokens[cuts[-2] + 1 : close]))
        if kinds != {"|"} and (kinds != {":"} or len(marks) > 2 or when is None):
            return None
        sides = [self.span(a + 1, b, depth + 1) for a, b in pairwise(cuts)]
        if when is None or kinds == {"|"}:
            self.ends |= set(range(1, self.steps + 1))
            return lambda step: _joined(sides[(step - 1) % len(sides)], step)
        before, after = (sides[0], sides[1]) if len(marks) == 2 else ([], sides[0])
        value = float(when.group(1))
        at = min(self.steps, int(value * self.steps if "." in when.group(1) else value))
        if at >= 1:
            self.ends.add(at)
        return lambda step: _joined(before if step <= at else after, step)


def _constant(text: str) -> TextAt:
    return lambda step: text


def _joined(parts: list[TextAt], step: int) -> str:
    return "".join(part(step) for part in parts)


def stretches(prompt: str, steps: int) -> list[Stretch]:
    """The texts of a prompt over the steps, in order."""
    editing = Editing(prompt, steps)
    found = [Stretch(end, _joined(editing.parts, end)) for end in sorted(editing.ends)]
    return [s for i, s in enumerate(found) if i + 1 == len(found) or found[i + 1].text != s.text]


def alternatives(prompt: str) -> list[tuple[str, float]]:
    """The prompts that `AND` joins, each with the weight after its last colon."""
    found = []
    for part in _AND.split(prompt):
        match = _WEIGHT.match(part)
        assert match is not None
        text, weight = match.groups()
        found.append((text, 1.0 if weight is None else float(weight)))
    return found
