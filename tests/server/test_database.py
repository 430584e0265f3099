"""The store: order, durability after a crash of the process, what cannot be written."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from nodeflow.graph.problem import WorkflowError
from nodeflow.server.store.database import Database


def put(connection: sqlite3.Connection, key: str) -> None:
    connection.execute("insert into values_of values ('', 'test', ?, 'null')", (key,))


def keys(connection: sqlite3.Connection) -> list[str]:
    return [key for (key,) in connection.execute("select key from values_of order by key")]


def test_what_must_be_written_is_tried_until_it_is_and_in_order(tmp_path: Path) -> None:
    done: list[str] = []
    failures = iter([sqlite3.OperationalError("database or disk is full")] * 2)

    async def use() -> list[str]:
        database = Database(tmp_path / "x.sqlite")
        troubles: list[str] = []

        def stubborn(connection: sqlite3.Connection) -> None:
            troubles.append(database.trouble)
            if (error := next(failures, None)) is not None:
                raise error
            put(connection, "a")

        database.post(stubborn, lambda: done.append("a"))
        database.post(lambda c: put(c, "b"), lambda: done.append("b"))
        await database.write(lambda c: put(c, "c"))
        found = await database.read(keys)
        assert troubles[-1] == "database or disk is full" and database.trouble == ""
        await database.close()
        return found

    assert asyncio.run(use()) == ["a", "b", "c"]
    assert done == ["a", "b"]


def test_a_write_that_fails_is_told_and_takes_no_other_with_it(tmp_path: Path) -> None:
    async def use() -> list[str]:
        database = Database(tmp_path / "x.sqlite")
        await database.write(lambda c: put(c, "a"))
        twice = database.write(lambda c: put(c, "a"))
        other = database.write(lambda c: put(c, "b"))
        results = await asyncio.gather(twice, other, return_exceptions=True)
        assert isinstance(results[0], sqlite3.IntegrityError) and results[1] is None
        found = await database.read(keys)
        await database.close()
        return found

    assert asyncio.run(use()) == ["a", "b"]


def test_who_cannot_take_in_a_write_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    faults: list[str] = []

    def stumble() -> None:
        raise RuntimeError("on purpose")

    async def use() -> list[str]:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, told: faults.append(str(told["exception"])))
        database = Database(tmp_path / "x.sqlite")
        gate = threading.Event()
        database.post(lambda c: gate.wait(10) and put(c, "first"))
        database.post(lambda c: put(c, "a"), stumble)
        waiting = [asyncio.create_task(database.write(lambda c, k=k: put(c, k))) for k in "bc"]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.wait_for(asyncio.gather(*waiting), 30)
        found = await database.read(keys)
        await database.close()
        return found

    assert asyncio.run(use()) == ["a", "b", "c", "first"]
    assert faults == ["on purpose"]


def test_an_older_file_is_brought_forward_and_a_newer_one_refused(tmp_path: Path) -> None:
    from nodeflow.server.store.database import MIGRATIONS

    path = tmp_path / "x.sqlite"
    with sqlite3.connect(path) as old:
        old.executescript(MIGRATIONS[0])
        old.execute(
            "insert into jobs values (1, 'id', '', '', '', '', '', '{}', 'done', 0, 0.0, 1.0,"
            " null, null, 1, '{}')"
        )

    async def use() -> int:
        database = Database(path)
        row = await database.read(lambda c: c.execute("select deaths from jobs").fetchone())
        await database.close()
        return int(row[0])

    assert asyncio.run(use()) == 0
    with sqlite3.connect(path) as newer:
        newer.execute("pragma user_version = 99")
    with pytest.raises(WorkflowError, match="newer"):
        asyncio.run(use())
