"""What goes with time, and what stays though it is as old."""

import asyncio
import json
import os
import time
from pathlib import Path

from nodeflow.server.events.log import EventLog
from nodeflow.server.jobs.archive import Retention
from nodeflow.server.jobs.core import JobCore
from nodeflow.server.jobs.job import Limits, Submission
from nodeflow.server.store import temporary
from nodeflow.server.store.database import Database
from nodeflow.server.upkeep import Upkeep
from tests.server.serving import ALICE, one, serving
from tests.server.watching import until

SHOWN = {
    "nodes": {
        "it": {"node": "EmptyImage", "width": 16, "height": 16},
        "show": {"node": "PreviewImage", "images": "$it"},
    }
}


def test_pictures_that_were_only_shown_go_and_nothing_else(tmp_path: Path) -> None:
    temp = tmp_path / "work" / "temp"
    with serving(tmp_path) as server:
        made = server.run(SHOWN)["outputs"]["show"]["files"][0]
        assert server.call("GET", made["url"]).status == 200
        own = temp / "my own.png"
        own.write_bytes((temp / made["path"]).read_bytes())
        os.utime(own, (0, 0))
        server.stop()
        server.start()
        assert server.run(one("Show"))["state"] == "done"
        assert (temp / made["path"]).is_file(), "it is not old"
        server.stop()
        server.arguments = ("--keep-temp", "0.0000001")
        server.start()
        until(lambda: not (temp / made["path"]).exists(), "an old picture gone")
        assert own.is_file()
        assert server.call("GET", made["url"]).status == 404
        again = server.run(SHOWN)["outputs"]["show"]["files"][0]
        assert server.call("GET", again["url"]).status == 200


def test_those_of_each_user_go(tmp_path: Path) -> None:
    (tmp_path / "users").write_text(f"alice: {ALICE}\n")
    with serving(tmp_path, "--users", str(tmp_path / "users")) as server:
        post = {"document": SHOWN, "wait": 50}
        made = server.call("POST", "/api/v1/jobs", post, token=ALICE).json["outputs"]
        picture = tmp_path / "work" / "temp" / "alice" / made["show"]["files"][0]["path"]
        assert picture.is_file()
        server.stop()
        server.arguments = (*server.arguments, "--keep-temp", "0.0000001")
        server.start()
        until(lambda: not picture.exists(), "an old picture gone")


def test_days_are_held_while_nothing_ends(tmp_path: Path) -> None:
    async def use() -> list[str]:
        database = Database(tmp_path / "x.sqlite")
        kept = Retention(days=1e-6, temporary=1)
        core = JobCore(database, EventLog(database), Limits(), kept)
        job = await core.submit(Submission(b"{}"))
        core.cancel(job)
        for path in ("new.png", "old.png", "../outside.png"):
            await database.write(lambda c, path=path: temporary.note(c, "", [path]))
        long_ago = "update values_of set value = ? where key <> 'new.png'"
        await database.write(lambda c: c.execute(long_ago, (json.dumps(time.time() - 90_000),)))
        keeping = asyncio.create_task(
            Upkeep(database, core, tmp_path, tmp_path / "temp", kept).run(0.05)
        )
        while await core.find(job.id, "") is not None:
            await asyncio.sleep(0.02)
        while len(await database.read(lambda c: temporary.unused(c, time.time()))) > 1:
            await asyncio.sleep(0.02)
        keeping.cancel()
        left = await database.read(lambda c: temporary.unused(c, time.time()))
        await database.close()
        return [path for _, path in left]

    (tmp_path / "temp").mkdir()
    for name in ("temp/new.png", "temp/old.png", "outside.png"):
        (tmp_path / name).touch()
    assert asyncio.run(asyncio.wait_for(use(), 60)) == ["new.png"]
    assert not (tmp_path / "temp" / "old.png").exists()
    assert (tmp_path / "temp" / "new.png").exists() and (tmp_path / "outside.png").exists()


def test_the_trash_is_emptied_in_time(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        made = server.run(SHOWN)["outputs"]["show"]["files"][0]
        os.utime(tmp_path / "work" / "temp" / made["path"], (0, 0))
        assert server.call("DELETE", made["url"]).status == 204
        for name in ("old", "new"):
            path = f"/api/v1/workflows/{name}.yaml"
            assert server.call("PUT", path, {"text": "nodes: {}"}).status == 201
            assert server.call("DELETE", path).status == 204
        items = {i["path"]: i["id"] for i in server.call("GET", "/api/v1/trash").json["items"]}
        server.stop()
        trash, uploads = tmp_path / "data" / "trash", tmp_path / "data" / "uploads"
        uploads.mkdir(exist_ok=True)
        for name in ("a.partial", "b.partial"):
            (uploads / name).touch()
        long_ago = time.time() - 40 * 86_400
        for path in (uploads / "a.partial", trash / "workflows" / items["old.yaml"]):
            os.utime(path, (long_ago, long_ago))
        server.start()
        until(lambda: not (uploads / "a.partial").exists(), "half an upload gone")
        assert (uploads / "b.partial").exists()
        left = server.call("GET", "/api/v1/trash").json["items"]
        assert [item["path"] for item in left] == ["new.yaml"]
        assert len(list((trash / "files").iterdir())) == 1, "deleted just now, however old"
        assert server.call("POST", f"/api/v1/trash/{items['new.yaml']}/restore").status == 200
