"""The log as JSON lines: each whole, with what it is about, and without the token."""

import json
from pathlib import Path

from tests.server.serving import Serving, one


def test_the_log_can_be_read_by_programs(tmp_path: Path) -> None:
    server = Serving(tmp_path, ("--log", "json"))
    server.start()
    try:
        failed = server.run(one("Broken"), client="someone")
        server.run(one("Say", text="said by a node\nand more"))
        died = server.run(one("Die", marker=str(tmp_path / "marker"), times=9))
        assert died["state"] == "failed"
    finally:
        server.stop()
    lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    assert len(lines) == len(server.log.splitlines()) - 1, "all but the link"
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    [told] = [line for line in lines if line.get("job") == failed["id"]]
    assert (told["level"], told["node"], told["client"]) == ("warning", "it", "someone")
    assert "broken on purpose" in told["message"]
    assert any(
        line.get("process") == "worker-0" and "and more" in line["message"] for line in lines
    )
    assert any(line.get("reason") == "it exited with 9" for line in lines)
    assert lines[-1]["message"] == "stopping after the running step"
    assert server.token not in "".join(map(str, lines))
