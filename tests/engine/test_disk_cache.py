"""The folder on disk: damage of every kind, other processes, full and read-only disks."""

import os
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.events import CacheTrouble
from nodeflow.engine.ledger import Ledger
from nodeflow.engine.memory_cache import MemoryCache
from nodeflow.engine.results import Results
from nodeflow.engine.upkeep import clear, collect, listing, stats, verify

LARGE = 40_000
VALUES = {f"{i:040x}": bytes([i]) * (LARGE if i % 2 else 100) for i in range(6)}


def filled(folder: Path) -> DiskCache:
    cache = DiskCache(folder)
    cache.put_all([(key, "Test", data, 1.0) for key, data in VALUES.items()])
    return cache


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_damaged_files_are_never_served(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder, closing(filled(Path(folder))) as cache:
        files = sorted(p for p in (cache.folder / "values").rglob("*") if p.is_file())
        for file in data.draw(st.lists(st.sampled_from(files), unique=True)):
            kind = data.draw(st.sampled_from(["flip", "truncate", "remove", "swap", "grow"]))
            content = bytearray(file.read_bytes()) if file.exists() else bytearray(1)
            if kind == "flip":
                content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(
                    st.integers(0, 7)
                )
                file.write_bytes(content)
            elif kind == "truncate":
                file.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
            elif kind == "remove":
                file.unlink(missing_ok=True)
            elif kind == "swap":
                file.write_bytes(VALUES[f"{data.draw(st.sampled_from([1, 3, 5])):040x}"])
            else:
                file.write_bytes(bytes(content) + b"x")
        for key, value in VALUES.items():
            entry = cache.get(key)
            assert entry is None or entry.data == value
            if len(value) <= 16_384:
                assert entry is not None
        assert verify(cache).bad == ()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_damaged_index_serves_nothing_wrong_and_is_replaced(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        filled(Path(folder)).close()
        index = Path(folder) / "v2" / "index.sqlite"
        content = bytearray(index.read_bytes())
        kind = data.draw(st.sampled_from(["flip", "truncate", "zeros", "text"]))
        if kind == "flip":
            for _ in range(data.draw(st.integers(1, 50))):
                content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(
                    st.integers(0, 7)
                )
        elif kind == "truncate":
            content = content[: data.draw(st.integers(0, len(content) - 1))]
        elif kind == "zeros":
            start = data.draw(st.integers(0, len(content) - 1))
            content[start : start + 4096] = bytes(min(4096, len(content) - start))
        else:
            content = bytearray(b"no database " * 1000)
        index.write_bytes(content)
        troubles: list[CacheTrouble] = []
        try:
            cache = DiskCache(Path(folder))
        except sqlite3.Error:
            return  # the caller runs without it, which the command line's tests show
        with closing(cache):
            for key, value in VALUES.items():
                try:
                    entry = cache.get(key)
                except sqlite3.Error:
                    continue
                assert entry is None or entry.data == value
            results = Results(MemoryCache(), cache, troubles.append)
            results.keep("f" * 40, "Test", ("new",), 1.0, on_disk=True)
            results.finish()


def test_a_foreign_database_is_set_aside(tmp_path: Path) -> None:
    folder = tmp_path / "v2"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "index.sqlite")) as other:
        other.execute("create table photos (name text)")
        other.execute("insert into photos values ('mine')")
        other.commit()
    with closing(filled(tmp_path)) as cache:
        assert cache.get(next(iter(VALUES))) is not None
    (kept,) = folder.glob("foreign-*.sqlite")
    with closing(sqlite3.connect(kept)) as other:
        assert other.execute("select name from photos").fetchall() == [("mine",)]


def test_an_index_of_another_layout_is_left_alone(tmp_path: Path) -> None:
    filled(tmp_path).close()
    path = tmp_path / "v2" / "index.sqlite"
    with closing(sqlite3.connect(path)) as index:
        index.execute("pragma user_version = 3")
    with pytest.raises(sqlite3.OperationalError, match="another nodeflow"):
        DiskCache(tmp_path)
    with closing(sqlite3.connect(path)) as index:
        assert index.execute("select count(*) from results").fetchone() == (len(VALUES),)


def test_other_layouts_are_neither_read_nor_counted(tmp_path: Path) -> None:
    for name in ("v1", "v9"):
        (tmp_path / name / "values").mkdir(parents=True)
    with closing(filled(tmp_path)) as cache:
        assert stats(cache).others == ("v1", "v9")
        assert clear(cache) == len(VALUES)
        assert stats(cache).others == ("v9",)
        assert stats(cache).entries == 0 and stats(cache).bytes == 0


def test_the_least_worthy_go_first(tmp_path: Path) -> None:
    with closing(DiskCache(tmp_path, limit=100_000)) as cache:
        cache.put_all([("c" * 40, "Costly", bytes(40_000), 60.0)])
        cache.put_all([("u" * 40, "Used", bytes(40_000), 1.0)])
        for _ in range(9):
            assert cache.get("u" * 40) is not None
        cache.record_uses()
        for i in range(8):
            cache.put_all([(f"{i:040}", "Cheap", bytes(40_000), 0.1)])
            cache.trim()
            assert stats(cache).bytes <= 100_000
        assert {t.type for t in stats(cache).types} == {"Costly", "Used"}


def test_the_limit_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODEFLOW_CACHE_LIMIT", "1.5 GB")
    with closing(DiskCache(tmp_path)) as cache:
        assert cache.limit == 1_500_000_000
    monkeypatch.setenv("NODEFLOW_CACHE_LIMIT", "much")
    with pytest.raises(ValueError, match="NODEFLOW_CACHE_LIMIT: 'much' is no size"):
        DiskCache(tmp_path)


def test_listing_filters_and_sorts(tmp_path: Path) -> None:
    with closing(filled(tmp_path)) as cache:
        cache.put_all([("e" * 40, "Other", bytes(50_000), 9.0)])
        assert [e.type for e in listing(cache, sort="size", count=2)] == ["Other", "Test"]
        assert len(listing(cache, larger=1000)) == 4 and len(listing(cache, type="Test")) == 6
        assert listing(cache, older=3600) == []


def test_gc_by_age_and_by_size(tmp_path: Path) -> None:
    with closing(filled(tmp_path)) as cache:
        cache.index.write(
            lambda i: i.execute("update results set used = used - 9000 where size = 100")
        )
        Ledger(cache).write([("insert into digests values (?, ?, ?, ?)", [("k", "", "", 9.0)])])
        cache.remember_last("file", [("node", "key", "{}")])
        assert collect(cache, limit=10**9, unused=3600) == 3
        assert cache.index.rows("select * from digests") == []
        assert cache.last_keys("file") == {"node": "key"}
        assert collect(cache, limit=LARGE) == 2
        assert stats(cache).bytes == LARGE
        assert len(list((cache.folder / "values").rglob("*-*"))) == 1


def test_verify_names_what_is_bad_and_removes_orphans(tmp_path: Path) -> None:
    with closing(filled(tmp_path)) as cache:
        files = sorted((cache.folder / "values").rglob("*-*"))
        files[0].write_bytes(b"short")
        files[1].unlink()
        orphan = cache.value_path("ab" * 20 + "-12345678")
        orphan.parent.mkdir(parents=True, exist_ok=True)
        orphan.write_bytes(b"left by a crash")
        fresh = orphan.with_name("cd" * 20 + "-12345678")
        fresh.write_bytes(b"being written")
        os.utime(orphan, (0, 0))
        found = verify(cache)
        assert found.checked == 6 and found.orphans == 1 and fresh.exists()
        assert [b.reason for b in found.bad] == ["its checksum does not match", "its file is gone"]
        assert verify(cache).bad == () and stats(cache).entries == 4


def test_replacing_a_result_leaves_no_file_behind(tmp_path: Path) -> None:
    key = "a" * 40
    with closing(DiskCache(tmp_path)) as cache:
        for i in range(3):
            cache.put_all([(key, "Test", bytes([i]) * LARGE, 1.0)])
        entry = cache.get(key)
        assert entry is not None and entry.data == b"\x02" * LARGE
        assert len(list((cache.folder / "values").rglob("*-*"))) == 1
        assert stats(cache).entries == 1 and stats(cache).bytes == LARGE
        assert cache.index.rows("select entries, bytes from totals") == [(1, LARGE)]


def test_gc_beside_a_run_loses_nothing_and_blocks_nobody(tmp_path: Path) -> None:
    with closing(DiskCache(tmp_path)) as first, closing(DiskCache(tmp_path)) as second:
        first.put_all([(f"{i:040x}", "Old", bytes(100), 0.0) for i in range(3000)])
        thread = threading.Thread(target=lambda: collect(second, limit=20 * LARGE))
        thread.start()
        for i in range(20):
            first.put_all([(f"{i:x}" * 40 if i < 16 else f"{i:040}", "New", bytes(LARGE), 99.0)])
        thread.join()
        collect(first, limit=20 * LARGE)
        assert {(t.type, t.entries) for t in stats(first).types} == {("New", 20)}
        assert verify(second).bad == ()


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of one megabyte."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_warning(tmp_path: Path) -> None:
    with small_disk(tmp_path):
        troubles: list[CacheTrouble] = []
        with closing(DiskCache(tmp_path)) as cache:
            results = Results(MemoryCache(), cache, troubles.append)
            for i in range(10):
                results.keep(f"{i:040x}", "Test", (f"{i}" * 300_000,), 1.0, on_disk=True)
            results.finish()
            assert len(troubles) == 1 and "No space left" in troubles[0].message
            assert stats(cache).entries >= 1 and verify(cache).bad == ()
            assert results.in_memory(f"{9:040x}") == ("9" * 300_000,)


def test_a_file_size_limit_is_a_warning(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys, pathlib\n"
        "from nodeflow.engine.disk_cache import DiskCache\n"
        "from nodeflow.engine.memory_cache import MemoryCache\n"
        "from nodeflow.engine.results import Results\n"
        "cache = DiskCache(pathlib.Path(sys.argv[1]))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "results = Results(MemoryCache(), cache, lambda t: print(t.message))\n"
        "results.keep('a' * 40, 'Test', ('x' * 900_000,), 1.0, True)\n"
        "results.keep('b' * 40, 'Test', ('y',), 1.0, True)\n"
        "results.finish(); cache.close()\n"
    )
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "results cannot be kept on disk: File too large\n"
    with closing(DiskCache(tmp_path)) as cache:
        assert not cache.has("a" * 40) and cache.has("b" * 40)
        assert not list(cache.folder.rglob("*.partial"))


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_folder_that_can_only_be_read_is_read(tmp_path: Path) -> None:
    filled(tmp_path).close()
    bind = ["mount", "--bind", "-o", "ro", str(tmp_path), str(tmp_path)]
    if subprocess.run(bind, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        troubles: list[CacheTrouble] = []
        with closing(DiskCache(tmp_path)) as cache:
            assert not cache.writable
            for key, value in VALUES.items():
                entry = cache.get(key)
                assert entry is not None and entry.data == value
            results = Results(MemoryCache(), cache, troubles.append)
            for name in "ab":
                results.keep(name * 40, "Test", (1,), 1.0, on_disk=True)
            results.finish()
            cache.remember_last("x", [("n", "k", "{}")])
        assert [t.message for t in troubles] == [
            "results are not kept: the cache folder can only be read"
        ]
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
