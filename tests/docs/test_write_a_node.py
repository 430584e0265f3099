"""docs/write-a-node.md, followed word by word."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.calling import ROOT, Shell

PAGE = (ROOT / "docs" / "write-a-node.md").read_text(encoding="utf-8")
FILES = re.findall(r"^```(?:python|yaml) (\S+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
CONSOLE = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    folder = tmp_path / "work"
    folder.mkdir()
    return Shell(folder)


def commands() -> list[tuple[list[str], list[str]]]:
    """Each command of the page, and the lines that it promises."""
    found: list[tuple[list[str], list[str]]] = []
    for line in "".join(CONSOLE).splitlines():
        if line.startswith("$ python -m nodeflow "):
            found.append((line.removeprefix("$ python -m nodeflow ").split(), []))
        else:
            found[-1][1].append(line)
    return found


def test_following_the_page(shell: Shell) -> None:
    assert [name for name, _ in FILES] == ["plugins/posterize.py", "poster.yaml"]
    for name, text in FILES:
        shell.write(name, text)
    blocked = shell("run", "poster.yaml")
    assert blocked.code == 2 and "plugin allow plugins/posterize.py" in blocked.err
    assert len(commands()) == 3
    for arguments, promised in commands():
        called = shell(*arguments)
        assert called.code == 0, called.text
        for line in promised:
            assert line in called.out
    with Image.open(shell.folder / "output" / "poster_00001_.png") as picture:
        assert set(np.unique(np.asarray(picture))) <= {0, 128, 255}
    wrong = shell("run", "poster.yaml", "--set", "poster.levels=1")
    assert wrong.code == 2 and "'levels'" in wrong.err and "from 2 to 64" in wrong.err


def test_the_example_plugin(shell: Shell) -> None:
    text = (ROOT / "examples" / "plugins" / "vignette.py").read_text(encoding="utf-8")
    shell.write("plugins/vignette.py", text)
    shell.write(
        "graph.yaml",
        "nodes:\n  white: {node: EmptyImage, width: 65, height: 65, color: 0xFFFFFF}\n"
        "  dark: {node: Vignette, image: $white, strength: 1.0}\n"
        "  mask: {node: MaskToImage, mask: $dark.MASK}\n"
        "  save: {node: SaveImage, images: $dark.IMAGE}\n"
        "  show: {node: PreviewImage, images: $mask}\n",
    )
    assert shell("plugin", "allow", "plugins/vignette.py").code == 0
    called = shell("run", "graph.yaml")
    assert called.code == 0, called.text
    with Image.open(shell.folder / "output" / "nodeflow_00001_.png") as picture:
        assert picture.getpixel((0, 0)) == (0, 0, 0) and picture.getpixel((32, 32)) == (255,) * 3
