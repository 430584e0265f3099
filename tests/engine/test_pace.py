"""The seconds that a node has still to go."""

from nodeflow.engine.pace import Pace


def test_the_last_steps_count() -> None:
    pace = Pace()
    assert pace.left(1, 20, now=100.0) is None
    assert pace.left(2, 20, now=102.0) == 36.0
    for step in range(3, 9):
        left = pace.left(step, 20, now=102.0 + (step - 2) * 0.5)
    assert left == 12 * 0.5
    assert pace.left(20, 20, now=200.0) == 0.0


def test_a_second_round_starts_anew() -> None:
    pace = Pace()
    pace.left(1, 2, now=0.0)
    pace.left(2, 2, now=9.0)
    assert pace.left(1, 4, now=10.0) is None
    assert pace.left(2, 4, now=11.0) == 2.0
