"""Lists: a node that takes one item and is given a list runs once per item."""

from typing import Annotated

from nodeflow.node import Multiline, Name, Range, node
from nodeflow.values import Image

Count = Annotated[int, Range(0, 10_000)]


@node("TextLines", category="utils/list", display_name="Lines of Text", store=False)
def text_lines(text: Annotated[str, Multiline()]) -> list[str]:
    """The lines of a text that are not empty, as a list.

    Args:
        text: one item a line.
    """
    return [line.strip() for line in text.splitlines() if line.strip()]


@node("IntRange", category="utils/list", display_name="Whole Numbers", store=False)
def int_range(start: int = 0, step: int = 1, count: Count = 4) -> list[int]:
    """Whole numbers at equal distances.

    Args:
        start: the first.
        step: from one to the next.
        count: how many.
    """
    return [start + i * step for i in range(count)]


@node("FloatRange", category="utils/list", display_name="Numbers", store=False)
def float_range(first: float = 0.0, last: float = 1.0, count: Count = 5) -> list[float]:
    """Numbers at equal distances.

    Args:
        first: the first.
        last: the last.
        count: how many, both ends included.
    """
    if count < 2:
        return [first] * count
    return [first + (last - first) * i / (count - 1) for i in range(count)]


@node("ListLength", category="utils/list", display_name="Length of a List", store=False)
def list_length(items: list[object]) -> Annotated[int, Name("length")]:
    """How many items a list has.

    Args:
        items: any list.
    """
    return len(items)


@node("ImageGrid", category="image/batch", display_name="Image Grid")
def image_grid(
    images: list[Image],
    columns: Annotated[int, Range(1, 100)] = 4,
    column_labels: list[object] | None = None,
    row_labels: list[object] | None = None,
) -> Image:
    """Pictures in rows on one sheet, with labels over the columns and beside the rows.

    Args:
        images: the pictures, row by row.
        columns: how many stand in a row.
        column_labels: one for each column: texts or numbers.
        row_labels: one for each row: texts or numbers.
    """
    from nodeflow.imaging.grid import grid_of_tensors

    return grid_of_tensors(images, columns, column_labels or [], row_labels or [])
