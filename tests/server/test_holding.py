"""What a server is told of a worker's memory is what that holds."""

from hypothesis import given
from hypothesis import strategies as st

from nodeflow.engine.memory_cache import Kept, MemoryCache
from nodeflow.node.artifact import Artifacts, SavedFile
from nodeflow.server.process.holding import LIMIT, News, take_in
from nodeflow.server.process.messages import Holding

KEYS = "abcdefgh"
DOES = st.tuples(st.sampled_from(["put", "forget", "clear", "tell"]), st.sampled_from(KEYS),
                 st.integers(0, 60))  # fmt: skip


@given(st.lists(DOES, max_size=40))
def test_it_is_told_all_and_no_more(history: list[tuple[str, str, int]]) -> None:
    news, known = News(), dict[str, Kept]()
    memory = MemoryCache(budget=2000, told=news)
    for does, key, size in [*history, ("tell", "", 0)]:
        if does == "put":
            memory.put(key, "T", ("x" * 10 * size,), 1.0)
        elif does == "forget":
            memory.forget(key)
        elif does == "clear":
            memory.clear()
        elif (told := news.take()) is not None:
            take_in(known, told)
    held = {key: memory.look(key) for key in KEYS}
    assert known == {key: Kept(found.created) for key, found in held.items() if found is not None}
    assert news.take() is None


def test_files_of_output_nodes_are_told_without_their_texts() -> None:
    news = News()
    file = SavedFile("a.png", "output", "image/png", 3, "00")
    MemoryCache(told=news).put("key", "T", Artifacts((file,), ("much text",)), 1.0, created=5.0)
    told = news.take()
    assert told is not None and told.kept == {"key": Kept(5.0, (file,))} and not told.gone


def test_of_many_the_newest_are_known() -> None:
    known: dict[str, Kept] = {}
    keys = [str(number) for number in range(LIMIT + 5)]
    take_in(known, Holding({key: Kept(0.0) for key in keys[:-1]}))
    take_in(known, Holding({keys[4]: Kept(1.0), keys[-1]: Kept(2.0)}))
    assert list(known) == [*keys[6:-1], keys[4], keys[-1]]
