"""GreedyDual-Size-Frequency, against a plain list that is searched."""

from hypothesis import given, settings
from hypothesis import strategies as st

from nodeflow.engine.eviction import GreedyDual

keys = st.sampled_from("abcdef")
steps = st.lists(
    st.tuples(st.just("add"), keys, st.integers(1, 1000), st.floats(0, 100))
    | st.tuples(st.just("use"), keys)
    | st.tuples(st.just("remove"), keys)
    | st.tuples(st.just("pop")),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(steps)
def test_it_evicts_the_lowest_priority_and_ages_the_rest(history: list[tuple[object, ...]]) -> None:
    policy, clock = GreedyDual(), 0.0
    model: dict[str, tuple[int, float, int, float]] = {}
    for step in history:
        key = str(step[1]) if len(step) > 1 else ""
        if step[0] == "add":
            size, seconds = int(step[2]), float(step[3])  # type: ignore[call-overload,arg-type]
            uses = model[key][2] + 1 if key in model else 1
            model[key] = (size, seconds, uses, clock + uses * seconds / size)
            policy.add(key, size, seconds)
        elif step[0] == "use" and key in model:
            size, seconds, uses, _ = model[key]
            model[key] = (size, seconds, uses + 1, clock + (uses + 1) * seconds / size)
            policy.use(key)
        elif step[0] == "remove":
            model.pop(key, None)
            policy.remove(key)
        elif step[0] == "pop" and model:
            gone = policy.pop()
            assert model[gone][3] == min(entry[3] for entry in model.values())
            clock = model.pop(gone)[3]
            assert policy.clock == clock
        assert len(policy) == len(model)
        assert policy.size == sum(entry[0] for entry in model.values())


def test_costly_small_and_used_results_stay() -> None:
    policy = GreedyDual()
    policy.add("cheap", 100, 1.0)
    policy.add("costly", 100, 5.0)
    policy.add("large", 10_000, 5.0)
    policy.add("used", 100, 1.0)
    policy.use("used")
    assert [policy.pop() for _ in range(4)] == ["large", "cheap", "used", "costly"]


def test_what_was_costly_once_goes_when_nobody_uses_it() -> None:
    policy = GreedyDual()
    policy.add("costly", 1, 10.0)
    for i in range(100):
        policy.add(f"new{i}", 1, 3.0)
        policy.use(f"new{i}")
        if policy.pop() == "costly":
            return
    raise AssertionError("it stayed for ever")
