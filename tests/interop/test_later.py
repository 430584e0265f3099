"""Texts for saved pictures are made when they are asked for, once."""

from nodeflow.interop.picture_metadata import Later


def test_texts_are_made_once_and_only_when_wanted() -> None:
    asked: list[int] = []

    def make() -> dict[str, str]:
        asked.append(1)
        return {"prompt": "{}", "nodeflow": "[]"}

    later = Later(make)
    assert asked == []
    assert dict(later) == make() and later["prompt"] == "{}" and len(later) == 2
    assert len(asked) == 2
