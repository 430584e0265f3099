"""JavaScript that plugins declare for the editor."""

import re
from pathlib import Path

import pytest

from nodeflow.node.describe import registry_data
from nodeflow.node.editor_module import module_source
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import Registry, load_registry
from nodeflow.node.trust import TrustList
from nodeflow.server.api.frames import hashed, inline

PLUGIN = '''
from typing import Annotated
from nodeflow.node import Artifacts, PortType, node

Dial = Annotated[float, PortType("DIAL", "#123456", widget="{name}")]


@node("Turn", category="test", output=True)
def turn(dial: Dial = 0.5) -> Artifacts:
    """Turns."""
    return Artifacts(text=(str(dial),))
'''


def loaded(folder: Path, name: str) -> Registry:
    """The registry with a plugin whose widget has this name."""
    plugin = folder / "plugins" / "dial"
    plugin.mkdir(parents=True)
    (plugin / "__init__.py").write_text(PLUGIN.format(name=name))
    (plugin / "dial.js").write_text("nodeflow.height(24)")
    (plugin / "secret.js").write_text("nobody names it")
    (folder / "outside.js").write_text("not in the plugin")
    trust = TrustList(folder / "allowed.json")
    trust.allow(plugin)
    return load_registry([folder / "plugins"], trust)


def test_a_widget_is_described_and_read(tmp_path: Path) -> None:
    registry = loaded(tmp_path, "dial.js")
    data = registry_data(registry, Folders())
    assert data["types"]["DIAL"] == {"colour": "#123456", "widget": "dial/dial.js"}
    turn = next(entry for entry in data["nodes"] if entry["id"] == "Turn")
    assert turn["inputs"][0]["literal"] and turn["inputs"][0]["default"] == 0.5
    specs = list(registry.nodes.values())
    assert module_source(specs, "dial", "dial.js") == "nodeflow.height(24)"
    for name in ("secret.js", "../outside.js", "__init__.py", ""):
        assert module_source(specs, "dial", name) is None


@pytest.mark.parametrize("name", ["dail.js", "../../outside.js", "__init__.py"])
def test_a_module_that_is_not_there_refuses_the_plugin(tmp_path: Path, name: str) -> None:
    refused = loaded(tmp_path, name).refusal("Turn")
    assert refused is not None and not refused.blocked
    assert f"'{name}' is no .js file in the folder of the plugin 'dial'" in refused.reason


def test_a_script_cannot_leave_its_element() -> None:
    script = 'const a = "</SCRIPT><!-- <b>"'
    written = inline(script)
    assert not re.search(r"</script|<!--", written, re.IGNORECASE)
    assert written == r'const a = "\x3c/SCRIPT>\x3c!-- <b>"'
    assert hashed("alert(1)") == "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"
