"""Pictures are found by the prompts that made them."""

from typing import Any
from urllib.parse import quote

from nodeflow.server.jobs.prompts import texts_of
from tests.server.serving import Serving

PREFIXES = ("sought_one", "sought_two", "sought_fox")


def document(prompt: str, prefix: str) -> dict[str, Any]:
    """A picture beside a prompt."""
    return {
        "nodes": {
            "text": {"node": "PrimitiveString", "value": prompt},
            "blank": {"node": "EmptyImage", "width": 16, "height": 16, "batch_size": 1, "color": 0},
            "save": {"node": "SaveImage", "images": "$blank", "filename_prefix": prefix},
            "show": {"node": "Show", "value": "$text"},
        }
    }


def found(server: Serving, words: str) -> list[str]:
    """Names of this test's pictures that a search gives, newest first."""
    answer = server.call("GET", f"/api/v1/files/output?search={quote(words)}")
    assert answer.status == 200, answer.body
    names = [file["path"].partition("_0")[0] for file in answer.json["files"]]
    return [name for name in names if name in PREFIXES]


def test_words_of_prompts_and_names_find_pictures(server: Serving) -> None:
    prompts = ("a Red fox", "狐狸, 100% real", "a bird")
    one, two, fox = PREFIXES
    for prompt, prefix in zip(prompts, PREFIXES, strict=True):
        assert server.run(document(prompt, prefix))["state"] == "done"
    assert found(server, "red") == [one]
    assert found(server, "RED FOX") == [one]
    assert found(server, "fox") == [fox, one]
    assert found(server, "one fox") == [one]
    assert found(server, "狐狸") == [two] and found(server, "100%") == [two]
    assert found(server, "%") == [two] and found(server, "red bird") == []
    assert found(server, "EmptyImage") == [], "the type of a node is no prompt"
    assert found(server, "") == [fox, two, one]


def test_texts_of_subgraphs_and_lists_are_read_and_links_and_types_are_not() -> None:
    nodes = b'{"a": {"node": "Type", "text": "one", "in": "$b.out", "each": ["two", 3]}}'
    body = b'{"nodes": %s, "subgraphs": {"s": {"nodes": %s}}}' % (nodes, nodes)
    assert texts_of(body).split() == ["one", "two", "one", "two"]
    assert texts_of(b"no JSON") == ""
