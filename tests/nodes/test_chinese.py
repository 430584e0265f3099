"""What nodes and their ports are called and do is told in Chinese too."""

import json
import re
from pathlib import Path

from nodeflow.node.plugins import load_registry
from nodeflow.node.trust import TrustList

WORDS = Path(__file__).parents[2] / "web/src/language"
CHINESE = WORDS / "docs.zh.json"
NAMES = WORDS / "names.zh.json"
SYMBOLS = re.compile(
    r"[A-Z_*]+|list\[\w+\]|[a-z]\d?|beta_?\w*|eps_s|alpha|cfg|eta|mu|rho|sigma|psnr|ssim"
)
"""Types, and signs of formulas, which are the same in every language."""


def test_docstrings_are_told_in_chinese(tmp_path: Path) -> None:
    nodes = load_registry([], TrustList(tmp_path / "trust.json")).nodes.values()
    shown = {node.description for node in nodes}
    shown |= {port.description for node in nodes for port in node.inputs}
    known = json.loads(CHINESE.read_text(encoding="utf-8"))
    assert shown - {""} - known.keys() == set(), f"add them to {CHINESE.name}"
    assert known.keys() - shown == set(), f"nobody shows these of {CHINESE.name}"


def test_ports_have_chinese_names(tmp_path: Path) -> None:
    nodes = load_registry([], TrustList(tmp_path / "trust.json")).nodes.values()
    ports = {port.name for node in nodes for port in (*node.inputs, *node.outputs)}
    known = json.loads(NAMES.read_text(encoding="utf-8"))
    assert {p for p in ports - known.keys() if not SYMBOLS.fullmatch(p)} == set(), "name them"
    assert known.keys() - ports == set(), f"no node has these of {NAMES.name}"
