"""`cache` as a person calls it."""

import json
import os
from pathlib import Path

from tests.cli.calling import Shell


def test_each_action(shell: Shell) -> None:
    run = ("run", "workflows/txt2img.yaml", "--set", "sampler.steps=1", "--quiet")
    assert shell(*run).code == 0
    stats = json.loads(shell("cache", "stats", "--json").out)
    assert stats["entries"] == sum(t["entries"] for t in stats["types"]) > 3
    listed = json.loads(shell("cache", "ls", "--json", "--sort", "size", "-n", "2").out)
    assert len(listed) == 2 and listed[0]["size"] >= listed[1]["size"]
    assert "VAEDecode" in shell("cache", "ls", "--type", "VAEDecode").out
    assert "nothing is stored that fits" in shell("cache", "ls", "--older", "2d").out
    values = Path(shell.environment()["NODEFLOW_CACHE"]) / "v2" / "values"
    file = max((p for p in values.rglob("*-*")), key=lambda p: p.stat().st_size)
    with file.open("r+b") as damaged:
        damaged.seek(-1, os.SEEK_END)
        damaged.write(b"!")  # the last byte of a float32 below 1 is never this one
    said = shell("cache", "verify").out
    assert file.name.split("-")[0] in said and "its checksum does not match" in said
    assert json.loads(shell("cache", "verify", "--json").out)["bad"] == []
    left = json.loads(shell("cache", "gc", "--limit", "3kB", "--json").out)
    assert left["bytes"] <= 3_000 and left["dropped"] > 0
    assert "forgotten" in shell("cache", "clear").out
    assert json.loads(shell("cache", "stats", "--json").out)["entries"] == 0


def test_wrong_calls_name_what_is_right(shell: Shell) -> None:
    called = shell("cache", "gc", "--limit", "lots")
    assert called.code == 2 and "'lots' is no size; write for example 500MB" in called.err
    assert shell("cache", "ls", "--older", "old").code == 2
    assert shell("cache").code == 2
    shell.write("here", "a file")
    called = shell("cache", "stats", "--cache-dir", "here")
    assert called.code == 2 and "cannot be used" in called.err
