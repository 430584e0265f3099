"""Options of `serve` out of a file, the environment and the command line, and what is wrong."""

from pathlib import Path

import pytest

from nodeflow.cli.serve import asked
from nodeflow.graph.problem import WorkflowError
from tests.cli.calling import Shell


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NODEFLOW_CONFIG", str(tmp_path / "config"))


def test_each_place_beats_the_one_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "config" / "serve.yaml"
    file.parent.mkdir()
    file.write_text("port: 1000\nworkers: 3\nallow-host: [a, b]\nno-token: true\nhang: 7.5\n")
    monkeypatch.setenv("NODEFLOW_SERVE_PORT", "2000")
    monkeypatch.setenv("NODEFLOW_SERVE_QUEUE_LIMIT", "5")
    found = asked(["--port", "3000", "--allow-host", "c"])
    assert (found.port, found.workers, found.queue_limit, found.hang) == (3000, 3, 5, 7.5)
    assert found.allow_host == ["a", "b", "c"] and found.no_token
    assert asked([]).port == 2000
    other = tmp_path / "other.yaml"
    other.write_text('{"port": 4000}')
    monkeypatch.delenv("NODEFLOW_SERVE_PORT")
    assert asked(["--config", str(other)]).port == 4000
    assert asked(["--config", str(other)]).workers == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot: 1\n", ("'prot'", "port")),
        ("no-token: perhaps\n", ("'perhaps'", "true or false")),
        ("[1, 2]\n", ("no mapping",)),
        ("port: [\n", ("serve.yaml",)),
    ],
)
def test_what_is_wrong_in_the_file_is_said(tmp_path: Path, text: str, words: tuple[str]) -> None:
    file = tmp_path / "config" / "serve.yaml"
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(WorkflowError) as raised:
        asked([])
    said = "\n".join(str(problem) for problem in raised.value.problems)
    assert all(word in said for word in words), said


def test_a_configuration_that_cannot_be_looked_at_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NODEFLOW_CONFIG", str(tmp_path / ("x" * 300)))
    assert asked([]).port == 8188


def test_wrong_calls(shell: Shell) -> None:
    shell.write("cert.pem", "no certificate")
    cases = {
        ("--certificate", "missing.pem", "--key", "missing.pem"): "missing.pem",
        ("--certificate", "cert.pem"): "both",
        ("--certificate", "cert.pem", "--key", "cert.pem"): "certificate",
        ("--users", "missing"): "no such file",
        ("--config", "missing.yaml"): "missing.yaml",
        ("--workers", "0"): "1 or more",
        ("--data", "damaged"): "file is not a database",
        ("--data", "file"): "file cannot be used",
        ("--data", "/proc/nothing"): "/proc/nothing cannot be used",
        ("--log", "jsn"): "json",
        ("--keep-temp", "-1"): "0 or more",
        ("--host", "203.0.113.1"): "another --port",
    }
    shell.write("file", "no folder")
    shell.write("damaged/server.sqlite", "no database" * 1000)
    for arguments, words in cases.items():
        found = shell("serve", "--port", "0", "--data", "data", *arguments)
        assert found.code == 2 and words in found.err, (arguments, found.err)
