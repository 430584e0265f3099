"""Pictures and runs are found by the prompts, models and numbers that made them."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from nodeflow.server.jobs.prompts import texts_of
from tests.server.serving import Serving, one, serving

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


def runs(server: Serving, words: str, rest: str = "") -> list[str]:
    """What the runs show that a search gives, newest first."""
    answer = server.call("GET", f"/api/v1/jobs?client=seeker&search={quote(words)}{rest}")
    assert answer.status == 200, answer.body
    return [job["outputs"]["show"]["text"][0] for job in answer.json["jobs"]]


def test_runs_are_found_by_texts_numbers_names_and_files(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        for _ in range(21):  # those sought are 22 to 24, in which no other number is found
            server.run(one("Show", value="of somebody else"))
        search_runs(server)


def search_runs(server: Serving) -> None:
    texts = ('a Red "fox"', "狐狸, ÉTÉ 100%", "a bird \\ of 768")
    for text, number in zip(texts, (768, 12345678901234567, 17), strict=True):
        show = {"node": "Show", "value": text, "number": number}
        document = {"name": "Näme", "nodes": {"show": show}}
        assert server.run(document, client="seeker", workflow="sub/Wörk.yaml")["state"] == "done"
    fox, summer, bird = texts
    assert runs(server, "red") == [fox] and runs(server, 'RED "FOX"') == [fox]
    assert runs(server, "狐狸 été") == [summer] and runs(server, "100%") == [summer]
    assert runs(server, "\\") == [bird]
    assert runs(server, "12345678901234567") == [summer], "no digit of a seed is lost"
    assert runs(server, "768") == [bird, fox], "in a text, or a whole number"
    assert runs(server, "17") == [bird] and runs(server, "7") == [bird]
    assert runs(server, "1") == [summer], "the format's version is no number of a run"
    assert runs(server, "näme WÖRK") == [bird, summer, fox]
    assert runs(server, "red bird") == [] and runs(server, "value") == runs(server, "node") == []
    number = server.call("GET", "/api/v1/jobs?client=seeker&search=fox").json["jobs"][0]["number"]
    assert runs(server, f"#{number}") == [fox]
    assert runs(server, "a", "&limit=2") == [bird, summer]
    following = server.call("GET", "/api/v1/jobs?client=seeker&search=a&limit=2").json["next"]
    assert runs(server, "a", f"&limit=2&before={following}") == [fox]


def test_the_runs_of_a_sweep_say_their_places_and_are_found(server: Serving) -> None:
    across = {"node": "show", "input": "value", "value": "a", "index": 0}
    for index, value in enumerate(("a", "b")):
        variant = {"sweep": "s1", "across": {**across, "value": value, "index": index}}
        document = {"nodes": {"show": {"node": "Show", "value": value}}}
        assert server.run(document, client="sweep s1", variant=variant)["variant"] == {
            **variant, "down": None,
        }  # fmt: skip
    server.run({"nodes": {"show": {"node": "Show", "value": '"variant":{'}}})
    jobs = server.call("GET", "/api/v1/jobs?variants=true").json["jobs"]
    assert [job["variant"]["across"]["value"] for job in jobs] == ["b", "a"]
    again = server.call("POST", f"/api/v1/jobs/{jobs[0]['id']}/retry", {}).json
    assert again["variant"] == jobs[0]["variant"], "run again, it has the same place"
    server.call("GET", f"/api/v1/jobs/{again['id']}?wait=20")


def test_texts_of_subgraphs_and_lists_are_read_and_links_and_types_are_not() -> None:
    nodes = b'{"a": {"node": "Type", "text": "one", "in": "$b.out", "each": ["two", 3]}}'
    body = b'{"nodes": %s, "subgraphs": {"s": {"nodes": %s}}}' % (nodes, nodes)
    assert texts_of(body).split() == ["one", "two", "one", "two"]
    assert texts_of(b"no JSON") == ""
