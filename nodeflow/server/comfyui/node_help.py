"""`/docs/<node type>/<language>.md`: the help that ComfyUI's frontend shows beside a node."""

from typing import Any

from aiohttp import web
from msgspec import json

from nodeflow.server.api.answers.documents import InputType, NodeType, NodeTypes
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call
from nodeflow.server.process.questions import AskNodeTypes


async def page(call: Call) -> web.Response:
    """A node type as Markdown, in English whatever the language."""
    if not call.part("language").endswith(".md"):
        raise Fault(404, "not_found", "the help of a node is a .md file")
    answer = await call.state.inspector.ask(AskNodeTypes(call.user))
    known = json.decode(answer.body, type=NodeTypes)["nodes"]
    found = next((node for node in known if node["id"] == call.part("id")), None)
    if found is None:
        raise Fault(404, "not_found", f"no node type '{call.part('id')}' is known")
    return web.Response(text=markdown(found), content_type="text/markdown", charset="utf-8")


def markdown(node: NodeType) -> str:
    """What a node does, what goes in and what comes out."""
    lines = [f"# {node['display_name']}", "", node["description"], ""]
    if node["inputs"]:
        lines += ["## Inputs", "", "| name | type | default | |", "| --- | --- | --- | --- |"]
        lines += [row(port["name"], *about(port)) for port in node["inputs"]] + [""]
    if node["outputs"]:
        lines += ["## Outputs", "", "| name | type |", "| --- | --- |"]
        lines += [row(port["name"], port["type"]) for port in node["outputs"]] + [""]
    return "\n".join(lines)


def about(port: InputType) -> tuple[str, str, str]:
    """Type with its limits, default, meaning."""
    low, high = port.get("min"), port.get("max")
    limits = "" if low is None or high is None else f", {low:g} to {high:g}"
    default = "" if port["required"] else shown(port.get("default"))
    return port["type"] + limits, default, port["description"]


def shown(value: Any) -> str:
    """A default value; nothing for one that says nothing."""
    return "" if value in (None, "") else json.encode(value).decode()


def row(*cells: str) -> str:
    """A line of a table."""
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
