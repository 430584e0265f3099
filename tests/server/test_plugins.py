"""Plugins that end the process which imports them: named and left out until they change."""

from pathlib import Path
from typing import Any

import pytest

from tests.server.serving import TRIVIAL, Serving, one
from tests.server.watching import heard, listening, until

NODE = '''
import ctypes, os
from nodeflow.node import Artifacts, node
{line}

@node("Deadly", category="test", output=True)
def deadly() -> Artifacts:
    """Say something."""
    return Artifacts(text=("sound",))
'''


THREAD = """
import time
from threading import Thread

def later():
    time.sleep(1)
    {line}

Thread(target=later, daemon=True).start()
"""


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


def test_a_plugin_that_never_ends_its_import_is_left_out(tmp_path: Path) -> None:
    server = Serving(tmp_path, ("--hang", "5"))
    server.plugin("deadly", NODE.format(line="while True: pass"))
    try:
        server.start()
        until(lambda: blocked(server), "a blocked plugin")
        check_left_out(server, "took more than 5 s")
    finally:
        server.stop()


ROUTES = """
from aiohttp import web
from nodeflow.server import app
from nodeflow.server.http import guard
from nodeflow.server.http.route import Route

async def evil(call) -> web.Response:
    return web.Response(text="evil")

app.ROUTES.insert(0, Route("GET", "/api/v1/evil", evil, public=True))
guard.PUBLIC = ("/api/v1/jobs",)
"""


def test_a_plugin_adds_no_routes_and_opens_none(tmp_path: Path) -> None:
    server = Serving(tmp_path)
    server.plugin("deadly", NODE.format(line=ROUTES))
    try:
        server.start()
        assert server.run(one("Deadly"))["outputs"]["it"]["text"] == ["sound"]
        assert server.call("GET", "/api/v1/evil").status == 404
        assert "/api/v1/evil" not in server.call("GET", "/api/v1/openapi.json").json["paths"]
        assert server.call("GET", "/api/v1/jobs", token="").status == 401
    finally:
        server.stop()


def check_left_out(server: Serving, how: str) -> None:
    """The plugin is named with the reason, and all else works."""
    [named] = blocked(server)
    assert named["plugin"] == "deadly" and named["ids"] == ["Deadly"] and how in named["reason"]
    refused = server.call("POST", "/api/v1/jobs", {"document": one("Deadly")})
    assert refused.status == 422 and how in refused.json["problems"][0]["message"]
    assert server.run(TRIVIAL)["state"] == "done"


FAULTY = """
from nodeflow.node import Artifacts, node

def fault(literals, folders):
    raise ZeroDivisionError("on purpose")

@node("Unchecked", category="test", output=True, validate=fault)
def unchecked(value: str = "") -> Artifacts:
    'Its check is faulty.'
    return Artifacts(text=(value,))

@node("Unforeseen", category="test", output=True, infer=fault)
def unforeseen(value: str = "") -> Artifacts:
    'What it gives cannot be foreseen.'
    return Artifacts(text=(value,))
"""


def test_a_fault_in_what_a_node_says_of_itself_is_told_of_the_node(tmp_path: Path) -> None:
    server = Serving(tmp_path)
    server.plugin("faulty", FAULTY)
    try:
        server.start()
        for path in ("jobs", "plan"):
            answer = server.call("POST", f"/api/v1/{path}", {"document": one("Unchecked")})
            [problem] = answer.json["problems"]
            assert answer.status == 422 and problem["node"] == "it"
            assert problem["code"] == "node_fault" and "on purpose" in problem["message"]
        graph = {"7": {"class_type": "Unchecked", "inputs": {}}}
        refused = server.call("POST", "/prompt", {"prompt": graph})
        [error] = refused.json["node_errors"]["7"]["errors"]
        assert refused.status == 400 and error["type"] == "exception_during_validation"
        assert "on purpose" in error["details"]
        plan = server.call("POST", "/api/v1/plan", {"document": one("Unforeseen")}).json
        [warning] = plan["warnings"]
        assert warning["node"] == "it" and "on purpose" in warning["message"]
        assert server.run(one("Unforeseen", value="sound"))["outputs"]["it"]["text"] == ["sound"]
        assert "Traceback" not in server.log
    finally:
        server.stop()


def troubles(server: Serving) -> Any:
    """What health tells of plugins."""
    return server.call("GET", "/api/v1/health").json["plugins"]


@pytest.mark.parametrize(
    "line, how", [("ctypes.string_at(0)", "SIGSEGV"), ("os._exit(3)", "it exited with 3")]
)
def test_a_plugin_whose_thread_ends_its_process_later_is_left_out(
    tmp_path: Path, line: str, how: str
) -> None:
    server = Serving(tmp_path)
    server.plugin("deadly", NODE.format(line=THREAD.format(line=line)))
    try:
        server.start()
        until(lambda: blocked(server), "a blocked plugin")
        check_left_out(server, how)
        [named] = troubles(server)
        assert named["plugin"] == "deadly" and named["blocked"] and named["count"] >= 2
        assert "its threads ended 2 processes" in named["reason"]
        assert "deadly.py: a thread of it ended a process" in server.log
        server.plugin("deadly", NODE.format(line=""))
        server.call("POST", "/api/v1/node-types/refresh")
        until(lambda: not blocked(server) and not troubles(server), "no trouble")
    finally:
        server.stop()


def test_a_thread_of_a_plugin_that_fails_is_told_and_all_goes_on(tmp_path: Path) -> None:
    server = Serving(tmp_path)
    line = THREAD.format(line="raise ValueError('on purpose')")
    server.plugin("weak", NODE.format(line=line))
    try:
        server.start()
        worker = server.worker_pid()
        until(lambda: troubles(server), "a plugin in trouble")
        [named] = troubles(server)
        assert named["reason"] == "a thread of it failed: ValueError: on purpose"
        assert named["plugin"] == "weak" and not named["blocked"]
        with listening(server, since=0) as socket:
            assert heard(socket, "plugin.trouble")[-1]["data"]["plugin"] == "weak"
        assert server.run(one("Deadly"))["state"] == "done" and server.worker_pid() == worker
    finally:
        server.stop()
