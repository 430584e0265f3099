"""The labelled grid."""

from pathlib import Path

from PIL import Image, ImageFont

from nodeflow.imaging.grid import FONT_SIZE, grid, wrapped


def picture(folder: Path, colour: tuple[int, int, int], size: tuple[int, int]) -> Path:
    """A file of one colour."""
    path = folder / f"{colour[0]}-{colour[1]}-{colour[2]}.png"
    Image.new("RGB", size, colour).save(path)
    return path


def test_pictures_stand_in_their_cells_and_labels_beside_them(tmp_path: Path) -> None:
    red = picture(tmp_path, (255, 0, 0), (128, 128))
    blue = picture(tmp_path, (0, 0, 255), (128, 128))
    sheet = grid([[red, blue], [blue, None]], ["cfg: 3", "cfg: 5"], ["seed: 1", "seed: 2"])
    bare = grid([[red, blue], [blue, None]], ["", ""], ["", ""])
    assert sheet.width > bare.width and sheet.height > bare.height + FONT_SIZE
    assert bare.size == (2 * 128 + 26, 2 * 128 + 26)
    colours = [
        sheet.getpixel((sheet.width - 80, y)) for y in (sheet.height // 3, sheet.height - 60)
    ]
    assert colours == [(0, 0, 255), (225, 225, 225)]
    labels = sheet.crop((0, 0, 60, sheet.height))
    assert labels.getextrema()[0][0] < 60 and bare.crop((0, 0, 9, 99)).getextrema()[0][0] == 255


def test_cells_are_bounded_and_keep_proportions(tmp_path: Path) -> None:
    wide = picture(tmp_path, (9, 9, 9), (2048, 512))
    sheet = grid([[wide]], ["x"], [""])
    assert 512 < sheet.width < 560 and 512 < sheet.height < 580


def test_long_labels_are_wrapped_and_cut() -> None:
    font = ImageFont.load_default(FONT_SIZE)
    lines = wrapped("a very long prompt " * 20, font, 100).split("\n")
    assert len(lines) == 4 and lines[-1].endswith("…")
    assert all(font.getlength(line.rstrip("…")) <= 100 for line in lines)
    assert wrapped("x" * 40, font, 60).replace("\n", "").startswith("xxxx")
    assert wrapped("", font, 60) == ""
