"""The order in which nodes can run, or the circle that has none."""

from collections.abc import Mapping, Sequence


def ordered(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Each name after those it needs (Kahn's algorithm); names in a circle, and what needs them,
    are left out."""
    waiting = {name: len(needed) for name, needed in needs.items()}
    users: dict[str, list[str]] = {name: [] for name in needs}
    for name, needed in needs.items():
        for other in needed:
            users[other].append(name)
    ready = [name for name, count in waiting.items() if count == 0]
    for name in ready:
        for user in users[name]:
            waiting[user] -= 1
            if waiting[user] == 0:
                ready.append(user)
    return ready


def circle(needs: Mapping[str, Sequence[str]], left: set[str]) -> list[str]:
    """The first circle among the names that have no order, its first name again at the end."""
    name = next(name for name in needs if name in left)
    seen: dict[str, int] = {}
    while name not in seen:
        seen[name] = len(seen)
        name = next(other for other in needs[name] if other in left)
    return [*list(seen)[seen[name] :], name]


def with_ancestors(needs: Mapping[str, Sequence[str]], wanted: Sequence[str]) -> set[str]:
    """The names and everything they need."""
    found, stack = set(wanted), list(wanted)
    while stack:
        for other in needs[stack.pop()]:
            if other not in found:
                found.add(other)
                stack.append(other)
    return found
