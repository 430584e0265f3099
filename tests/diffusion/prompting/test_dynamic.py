"""Dynamic prompts and wildcard files."""

from collections import Counter
from pathlib import Path

import pytest

from nodeflow.diffusion.prompting.dynamic import DynamicPromptError, WildcardMissing, resolve
from nodeflow.diffusion.prompting.wildcards import WildcardFolders


def results(text: str, count: int = 400) -> Counter[str]:
    return Counter(resolve(text, seed) for seed in range(count))


def test_choices() -> None:
    assert set(results("a {red|blue} {cat|}")) == {"a red cat", "a red ", "a blue cat", "a blue "}
    assert resolve("{a|b|c} {a|b|c}", 5) == resolve("{a|b|c} {a|b|c}", 5)
    assert set(results("{a|{b|c}}")) == {"a", "b", "c"}
    assert resolve("no choice, just words_with_lines", 0) == "no choice, just words_with_lines"
    assert resolve(r"\{a\|b\} {x", 0) == "{a|b} {x"


def test_weights() -> None:
    found = results("{9::a|1::b}")
    assert found["a"] > 5 * found["b"] > 0
    assert set(results("{0::a|b}")) == {"b"}


def test_several() -> None:
    assert set(results("{2$$a|b}")) == {"a, b", "b, a"}
    assert set(results("{2$$ and $$a|b}")) == {"a and b", "b and a"}
    assert set(results("{1-2$$a|b}")) == {"a", "b", "a, b", "b, a"}
    assert set(results("{-1$$a|b}")) == {"", "a", "b"}
    assert set(results("{5$$a|b}")) == {"a, b", "b, a"}
    assert set(results("{1-$$a|b}")) == {"a", "b", "a, b", "b, a"}


@pytest.fixture
def folders(tmp_path: Path) -> WildcardFolders:
    (tmp_path / "w" / "animals").mkdir(parents=True)
    (tmp_path / "w" / "colour.txt").write_text("# remarks\nred\n\nblue\n", encoding="utf-8")
    (tmp_path / "w" / "animals" / "cats.txt").write_text("{tabby|black} cat\n")
    (tmp_path / "w" / "animals" / "dogs.txt").write_text("__colour__ dog\n")
    (tmp_path / "w" / "self.txt").write_text("__self__\n")
    (tmp_path / "w" / "empty.txt").write_text("# nothing\n")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "w" / "out.txt").symlink_to(tmp_path / "secret.txt")
    return WildcardFolders((tmp_path / "w", tmp_path / "none"))


def test_wildcards(folders: WildcardFolders) -> None:
    def found(text: str) -> set[str]:
        return {resolve(text, seed, folders.lines) for seed in range(80)}

    assert found("__colour__") == {"red", "blue"}
    assert found("__animals/dogs__") == {"red dog", "blue dog"}
    assert found("__animals/*__") == {"red dog", "blue dog", "tabby cat", "black cat"}
    assert found("{2$$__colour__|x}") == {"red, x", "blue, x", "x, red", "x, blue"}


def test_what_is_wrong_is_said(folders: WildcardFolders) -> None:
    with pytest.raises(WildcardMissing, match=r"no wildcard file 'color.txt'; nearest: colour"):
        resolve("__color__", 0, folders.lines)
    with pytest.raises(WildcardMissing, match="no line"):
        resolve("__empty__", 0, folders.lines)
    with pytest.raises(DynamicPromptError, match="name itself"):
        resolve("__self__", 0, folders.lines)
    for name in ("out", "../secret", "w/../../secret"):
        with pytest.raises(WildcardMissing):
            resolve(f"__{name}__", 0, folders.lines)
    assert resolve("{" * 50_000, 0) == "{" * 50_000
    with pytest.raises(DynamicPromptError):
        resolve("{" * 100 + "a" + "}" * 100, 0)
