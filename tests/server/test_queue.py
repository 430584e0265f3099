"""The order of the queue, without a server: fair turns, moves, what a restart restores."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from nodeflow.server.jobs.job import Job, Options
from nodeflow.server.jobs.queue import JobQueue


def job(queue: JobQueue, number: int, client: str = "", priority: int = 0) -> Job:
    """A job with its turn."""
    turn = queue.turn_for(priority, "", client)
    return Job(
        number, str(number), "", client, "", "", "", Options(), "queued", priority, turn, 0.0
    )


def filled(count: int) -> JobQueue:
    """So many jobs of one client."""
    queue = JobQueue()
    for number in range(count):
        queue.add(job(queue, number))
    return queue


def ids(queue: JobQueue) -> list[str]:
    """In order."""
    return [found.id for found in queue]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_any_moves_give_the_order_that_a_list_gives(seed: int) -> None:
    chance, queue = random.Random(seed), filled(6)
    expected = ids(queue)
    for _ in range(200):
        id, place = chance.choice(expected), chance.choice((1, 1, 1, 0, 3, 5))
        taken = queue.take(id)
        assert taken is not None
        expected.remove(id)
        changed = queue.place(taken, place)
        expected.insert(place, id)
        assert changed[0].id == id
        assert ids(queue) == expected
        assert [queue.position(id) for id in expected] == list(range(6))


def test_a_client_with_many_jobs_lets_others_in_turn() -> None:
    queue = JobQueue()
    for number in range(100):
        queue.add(job(queue, number, "greedy"))
    for _ in range(10):
        queue.next()
    for number in range(100, 103):
        queue.add(job(queue, number, "modest"))
    first = [queue.next() for _ in range(6)]
    assert [found.client for found in first if found] == ["modest", "greedy"] * 3


def test_jobs_of_low_priority_cost_no_turns_of_a_higher_one() -> None:
    queue = JobQueue()
    for number in range(50):
        queue.add(job(queue, number, "a", -1))
    queue.add(job(queue, 60, "b"))
    queue.add(job(queue, 61, "a"))
    queue.add(job(queue, 62, "b"))
    assert ids(queue)[:3] == ["60", "61", "62"]


def test_a_restored_queue_goes_on_with_the_turns() -> None:
    queue = filled(20)
    for _ in range(5):
        queue.next()
    again = JobQueue()
    for found in queue:
        again.restore(replace(found))
    again.add(job(again, 100, "other"))
    again.add(job(again, 101))
    order = ids(again)
    assert order.index("100") == 1 and order[-1] == "101"
    assert again.count("", "") == 16 and again.count("", "other") == 1
