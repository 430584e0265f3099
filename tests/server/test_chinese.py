"""Every message that can reach a person through the editor is told in Chinese too."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from nodeflow.engine.lookup import Hit
from nodeflow.graph.problem import Problem, ProblemCode
from nodeflow.server.jobs.job import JobError
from tests.server.messages import is_sentence, texts

CHINESE = Path(__file__).parents[2] / "web/src/language/messages.zh.json"
CATALOGUE: Mapping[str, Mapping[str, str]] = json.loads(CHINESE.read_text(encoding="utf-8"))
OURS, OTHERS = CATALOGUE["nodeflow"], CATALOGUE["others"]
SLOT = re.compile(r"\{\d+\}")


def test_every_message_is_told_in_chinese() -> None:
    said = {text: place for text, place in texts().items() if is_sentence(text)}
    missing = {text: place for text, place in said.items() if text not in OURS}
    assert missing == {}, f"add them to {CHINESE.name}"


def test_nothing_in_the_catalogue_is_said_no_more() -> None:
    assert OURS.keys() - texts().keys() == set(), f"no source says these of {CHINESE.name}"
    assert OURS.keys() & OTHERS.keys() == set()


@pytest.mark.parametrize("part", [OURS, OTHERS], ids=["nodeflow", "others"])
def test_slots_are_the_same_and_apart(part: Mapping[str, str]) -> None:
    """Two slots that touch could be told from each other by nobody."""
    wrong = [e for e, c in part.items() if sorted(SLOT.findall(e)) != sorted(SLOT.findall(c))]
    assert wrong == []
    assert [english for english in part if re.search(r"\}\{\d", english)] == []


def test_the_catalogue_is_chinese() -> None:
    """An entry without Chinese is code, a name, or slots alone."""
    same = {e for e, c in OURS.items() if not re.search("[\u4e00-\u9fff]", c) and e != c}
    assert same == {"control net", "T2I adapter", "{0}: {1}", "{0}; {1}", "'{0}' ({1}) {2}"}


def test_the_walk_finds_messages_of_every_kind() -> None:
    """A walk that lost a kind of message would let the tests above pass."""
    found = texts()
    problem = Problem(ProblemCode.CALL, "", node="a", input="b")
    assert problem.subject == "node 'a', input 'b'"
    assert JobError("worker_died", "its worker died").message in found
    assert Hit("", "same", "disk", 5.0).reason == "same inputs, on disk, 5 s old"
    for text in (
        "node '{0}', input '{1}'", "same inputs, {0}", "on disk, {0} old",
        "'{0}' is not there", "{0} is not one of the choices", "{0} needs {1}",
        "the file was changed since it was read", "it is not a safetensors file",
        "sigma_min is {0}: it must lie between 0 and sigma_max",
    ):  # fmt: skip
        assert text in found
        assert is_sentence(text)
    assert not is_sentence("select key from results where used < ?")
