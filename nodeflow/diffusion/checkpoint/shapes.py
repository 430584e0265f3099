"""Questions to a header that find the sizes of networks."""

from itertools import count

from nodeflow.diffusion.checkpoint.header import CheckpointError, Header


def numbered(header: Header, prefix: str) -> int:
    """How many items `prefix0.`, `prefix1.` … a file has, counted up to the first gap."""
    found = {
        name[len(prefix) :].split(".", 1)[0] for name in header.tensors if name.startswith(prefix)
    }
    return next(n for n in count() if str(n) not in found)


def shape(header: Header, name: str, dimensions: int) -> tuple[int, ...]:
    """A tensor's shape. Raises CheckpointError where it is missing or of other dimensions."""
    found = header.shape(name)
    if found is None:
        raise CheckpointError(f"'{name}' is missing")
    if len(found) != dimensions:
        raise CheckpointError(f"'{name}' has the shape {list(found)}")
    return found


def either(header: Header, *names: str) -> tuple[int, ...] | None:
    """The shape of the first of some tensors that the file has, or None."""
    return next((header.shape(name) for name in names if name in header.tensors), None)
