"""Dynamic prompts: choices in braces and wildcard files, resolved by a seed.

`{a|b}` takes one, `{0.7::a|0.3::b}` by weight, `{2$$a|b|c}` two of them joined by `, `,
`{1-2$$ and $$a|b|c}` one or two joined by ` and `; `__name__` takes a line of the wildcard file
`name.txt`, and `__animals/*__` a line of any of the files that match. Choices and lines may hold
further ones. A backslash before `{`, `}`, `|`, `_` or `$` makes it text. (The syntax of the
sd-dynamic-prompts extension.)
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Lines = Callable[[str], Sequence[str]]
"""The lines of a wildcard, by its name; raises WildcardMissing."""

_TOKENS = re.compile(r"\\[{}|_$\\]|__[\w*?./ -]+?__|[{}|]|[^\\{}|_]+|_|\\", re.DOTALL)
_COUNT = re.compile(r"^\s*(\d+)?(-)?(\d+)?\$\$(?:(.*?)\$\$)?", re.DOTALL)
_WEIGHT = re.compile(r"^\s*(\d+\.?\d*|\.\d+)::", re.DOTALL)
DEEPEST = 50
LONGEST = 100_000


class DynamicPromptError(Exception):
    """A dynamic prompt that cannot be resolved; the message says why and where."""


class WildcardMissing(DynamicPromptError):
    """No wildcard of that name."""


@dataclass
class Resolver:
    """Resolves texts with one stream of choices."""

    lines: Lines
    stream: random.Random

    def resolve(self, text: str, depth: int = 0) -> str:
        """A text with nothing left to choose."""
        if depth > DEEPEST:
            raise DynamicPromptError(
                f"choices and wildcards lie more than {DEEPEST} deep: does a wildcard name itself?"
            )
        tokens = _TOKENS.findall(text)
        pairs = closing(tokens)
        out: list[str] = []
        place = 0
        while place < len(tokens):
            token = tokens[place]
            if token == "{":
                end = pairs.get(place)
                if end is None:
                    out.append(token)
                else:
                    out.append(self.choose(tokens[place + 1 : end], depth))
                    place = end
            elif len(token) > 4 and token.startswith("__"):
                lines = self.lines(token[2:-2].strip())
                out.append(self.resolve(self.stream.choice(lines), depth + 1))
            else:
                out.append(token[1:] if len(token) == 2 and token[0] == "\\" else token)
            place += 1
        resolved = "".join(out)
        if len(resolved) > LONGEST:
            raise DynamicPromptError(f"the resolved prompt is longer than {LONGEST} characters")
        return resolved

    def choose(self, tokens: Sequence[str], depth: int) -> str:
        """Some of the choices between a pair of braces."""
        options = split(tokens)
        count = _COUNT.match(options[0])
        low = high = 1
        joiner = ", "
        if count is not None:
            first, dash, last, own = count.groups()
            options[0] = options[0][count.end() :]
            joiner = joiner if own is None else own
            low = int(first) if first else (0 if dash else 1)
            high = int(last) if last else (len(options) if dash else low)
        weights = []
        for i, option in enumerate(options):
            weight = _WEIGHT.match(option)
            weights.append(1.0 if weight is None else float(weight.group(1)))
            options[i] = option if weight is None else option[weight.end() :]
        wanted = min(self.stream.randint(min(low, high), max(low, high)), len(options))
        picked = []
        for _ in range(wanted):
            if not sum(weights):
                break
            index = self.stream.choices(range(len(options)), weights)[0]
            weights[index] = 0.0
            picked.append(self.resolve(options[index], depth + 1))
        return joiner.join(picked)


def closing(tokens: Sequence[str]) -> dict[int, int]:
    """Places of opening braces to those that close them; one without a partner is text."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for place, token in enumerate(tokens):
        if token == "{":
            opened.append(place)
        elif token == "}" and opened:
            pairs[opened.pop()] = place
    return pairs


def split(tokens: Sequence[str]) -> list[str]:
    """The choices, cut at the bars that are in no further braces."""
    options, depth = [""], 0
    for token in tokens:
        depth += (token == "{") - (token == "}")
        if token == "|" and depth == 0:
            options.append("")
        else:
            options[-1] += token
    return options


def no_wildcards(name: str) -> Sequence[str]:
    """For prompts without files."""
    raise WildcardMissing(f"there is no wildcard '{name}'")


def resolve(text: str, seed: int, lines: Lines = no_wildcards) -> str:
    """The prompt that a seed gives. Equal seeds and files give equal prompts.

    Raises DynamicPromptError.
    """
    return Resolver(lines, random.Random(seed)).resolve(text)
