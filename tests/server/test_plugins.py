"""Plugins that end the process which imports them: named and left out until they change."""

from pathlib import Path
from typing import Any

from tests.server.serving import TRIVIAL, Serving, one
from tests.server.watching import until

NODE = '''
import ctypes, os
from nodeflow.node import Artifacts, node
{line}

@node("Deadly", category="test", output=True)
def deadly() -> Artifacts:
    """Say something."""
    return Artifacts(text=("sound",))
'''


def blocked(server: Serving) -> Any:
    """What node types tell of plugins that are not loaded, empty while nobody answers."""
    answer = server.call("GET", "/api/v1/node-types")
    return answer.json["blocked"] if answer.status == 200 else []


def test_a_plugin_that_ends_its_process_is_left_out_until_it_changes(tmp_path: Path) -> None:
    server = Serving(tmp_path)
    server.plugin("deadly", NODE.format(line="ctypes.string_at(0)"))
    try:
        server.start()
        until(lambda: blocked(server), "a blocked plugin")
        check_left_out(server, "SIGSEGV")
        server.plugin("deadly", NODE.format(line="os._exit(3)"))
        server.call("POST", "/api/v1/node-types/refresh")
        until(lambda: "exited" in str(blocked(server)), "it blocked for another reason")
        check_left_out(server, "it exited with 3")
        server.plugin("deadly", NODE.format(line=""))
        server.call("POST", "/api/v1/node-types/refresh")
        until(lambda: not blocked(server), "no blocked plugin")
        assert server.run(one("Deadly"))["outputs"]["it"]["text"] == ["sound"]
    finally:
        server.stop()


def check_left_out(server: Serving, how: str) -> None:
    """The plugin is named with the reason, and all else works."""
    [named] = blocked(server)
    assert named["plugin"] == "deadly" and named["ids"] == ["Deadly"] and how in named["reason"]
    refused = server.call("POST", "/api/v1/jobs", {"document": one("Deadly")})
    assert refused.status == 422 and how in refused.json["problems"][0]["message"]
    assert server.run(TRIVIAL)["state"] == "done"
