"""How a side is cut into tiles."""


def starts(size: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin along a side: evenly, the last one ending with the side.

    overlap: less than `tile`.
    """
    if size <= tile:
        return [0]
    step = tile - overlap
    count = -(-(size - overlap) // step)
    last = size - tile
    return [min(i * step, last) for i in range(count)]
