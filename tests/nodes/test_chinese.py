"""Every docstring that the editor shows is told in Chinese too."""

import json
from pathlib import Path

from nodeflow.node.plugins import load_registry
from nodeflow.node.trust import TrustList

CHINESE = Path(__file__).parents[2] / "web/src/language/docs.zh.json"


def test_docstrings_are_told_in_chinese(tmp_path: Path) -> None:
    nodes = load_registry([], TrustList(tmp_path / "trust.json")).nodes.values()
    shown = {node.description for node in nodes}
    shown |= {port.description for node in nodes for port in node.inputs}
    known = json.loads(CHINESE.read_text(encoding="utf-8"))
    assert shown - {""} - known.keys() == set(), f"add them to {CHINESE.name}"
    assert known.keys() - shown == set(), f"nobody shows these of {CHINESE.name}"
