"""The names a person may have meant."""

from collections.abc import Iterable
from difflib import SequenceMatcher


def nearest(name: str, candidates: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """At most `count` candidates that resemble `name`, best first; case does not matter."""
    wanted = name.lower()
    scored = []
    for candidate in dict.fromkeys(candidates):
        other = candidate.lower()
        score = SequenceMatcher(None, wanted, other).ratio()
        if wanted and (wanted in other or other in wanted):
            score += 0.3
        scored.append((score, candidate))
    scored.sort(key=lambda pair: (-pair[0], pair[1]))
    return tuple(candidate for score, candidate in scored[:count] if score >= 0.55)
