"""How a side is cut into tiles."""


def starts(size: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin along a side: evenly, the last one ending with the side."""
    if size <= tile:
        return [0]
    step = max(1, tile - overlap)
    count = -(-(size - overlap) // step)
    last = size - tile
    return [min(i * step, last) for i in range(count)]
