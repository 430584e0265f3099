"""Files of ComfyUI's editor, both versions, become workflows that run."""

import json
from pathlib import Path
from typing import Any

import pytest

from nodeflow.graph.document import Reference
from nodeflow.graph.problem import WorkflowError
from nodeflow.graph.read import parse_workflow
from nodeflow.graph.write import to_yaml
from nodeflow.interop.comfyui_api import api_graph
from nodeflow.interop.open import read_any
from nodeflow.node.check import check
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import Registry, load_registry
from tests.cli.calling import Shell
from tests.cli.conftest import shell as shell


@pytest.fixture(scope="module")
def registry() -> Registry:
    """The built-in nodes."""
    return load_registry()


def slot(name: str, kind: str, link: int | None = None, widget: bool = False) -> dict[str, Any]:
    """An input slot."""
    made: dict[str, Any] = {"name": name, "type": kind, "link": link}
    return {**made, "widget": {"name": name}} if widget else made


def node(id: int, kind: str, values: list[Any] | None = None, *inputs: Any, **more: Any) -> Any:
    """A node as the editor writes it."""
    return {
        "id": id, "type": kind, "pos": [id * 100, 50.4], "size": [200, 100], "mode": 0,
        "inputs": list(inputs), "outputs": [], "widgets_values": values or [], **more,
    }  # fmt: skip


OLD = {
    "last_node_id": 12, "last_link_id": 20, "version": 0.4, "config": {}, "extra": {},
    "nodes": [
        node(1, "CheckpointLoaderSimple", ["tiny-emoji"]),
        node(2, "CLIPTextEncode", ["a red apple"], slot("clip", "CLIP", 1), title="wanted"),
        node(3, "CLIPTextEncode", [""], slot("clip", "CLIP", 2)),
        node(4, "EmptyLatentImage", [128, 128, 1]),
        node(5, "KSampler", [7, "randomize", 2, 3.5, "euler", "karras", 1],
             slot("model", "MODEL", 4), slot("positive", "CONDITIONING", 5),
             slot("negative", "CONDITIONING", 6), slot("latent_image", "LATENT", 7),
             slot("steps", "INT", 14, widget=True)),
        node(6, "VAEDecode", [], slot("samples", "LATENT", 8), slot("vae", "VAE", 9)),
        node(7, "Reroute", [], slot("", "*", 3)),
        node(8, "PrimitiveNode", [4, "fixed"]),
        node(9, "Note", ["do not forget"]),
        node(10, "ImageInvert", [], slot("image", "IMAGE", 10), mode=4),
        node(11, "SaveImage", ["old"], slot("images", "IMAGE", 11)),
        node(12, "PreviewImage", [], slot("images", "IMAGE", 12), mode=2),
    ],
    "links": [
        [1, 1, 1, 2, 0, "CLIP"], [2, 1, 1, 3, 0, "CLIP"], [3, 1, 0, 7, 0, "*"],
        [4, 7, 0, 5, 0, "MODEL"], [5, 2, 0, 5, 1, "CONDITIONING"], [6, 3, 0, 5, 2, "CONDITIONING"],
        [7, 4, 0, 5, 3, "LATENT"], [8, 5, 0, 6, 0, "LATENT"], [9, 1, 2, 6, 1, "VAE"],
        [10, 6, 0, 10, 0, "IMAGE"], [11, 10, 0, 11, 0, "IMAGE"], [12, 6, 0, 12, 0, "IMAGE"],
        [14, 8, 0, 5, 4, "INT"],
    ],
    "groups": [{"title": "draw", "bounding": [0, 0, 500, 300], "color": "#3f789e"}],
}  # fmt: skip


def test_version_0_4(registry: Registry) -> None:
    workflow = read_any(json.dumps(OLD), "old.json", registry)
    sampler = workflow.nodes["5"].inputs
    assert sampler == {
        "seed": 7, "steps": Reference("8", 0), "cfg": 3.5, "sampler_name": "euler",
        "scheduler": "karras", "denoise": 1, "model": Reference("7", "*"),
        "positive": Reference("2", "CONDITIONING"), "negative": Reference("3", "CONDITIONING"),
        "latent_image": Reference("4", "LATENT"),
    }  # fmt: skip
    assert workflow.nodes["2"].title == "wanted"
    assert workflow.nodes["10"].mode == "bypass" and workflow.nodes["12"].mode == "mute"
    assert workflow.layout["nodes"]["5"] == {"x": 500, "y": 50, "w": 200}  # type: ignore[index,call-overload]
    assert workflow.layout["groups"] == {
        "1": {"x": 0, "y": 0, "w": 500, "h": 300, "title": "draw", "colour": "#3f789e"}
    }
    assert "9" not in workflow.nodes
    assert workflow.layout["notes"] == {
        "9": {"x": 900, "y": 50, "w": 200, "h": 100, "text": "do not forget"}
    }
    again = parse_workflow(to_yaml(workflow))
    graphs = [api_graph(w, registry) for w in (workflow, again)]
    assert graphs[0] == graphs[1]
    assert set(graphs[0]) == {"1", "2", "3", "4", "5", "6", "11"}
    assert graphs[0]["5"]["inputs"]["steps"] == 4  # type: ignore[index,call-overload]
    assert graphs[0]["5"]["inputs"]["model"] == ["1", 0]  # type: ignore[index,call-overload]
    assert graphs[0]["11"]["inputs"]["images"] == ["6", 0]  # type: ignore[index,call-overload]
    assert len(check(workflow, registry, Folders()).nodes) == 7


def test_looks_are_kept(registry: Registry) -> None:
    data = {
        "nodes": [
            {**node(1, "EmptyImage", [32, 16, 1, 255]), "size": {"0": 315, "1": 98},
             "flags": {"collapsed": True}, "color": "#232", "bgcolor": "#353"},
            {**node(2, "PreviewImage", [], slot("images", "IMAGE", 1)), "size": [140, 26],
             "flags": {"pinned": True}, "color": "#123456"},
        ],
        "links": [[1, 1, 0, 2, 0, "IMAGE"]],
    }  # fmt: skip
    layout = read_any(json.dumps(data), "looks.json", registry).layout
    assert layout["nodes"] == {
        "1": {"x": 100, "y": 50, "w": 315, "collapsed": True, "colour": "#3f9a55"},
        "2": {"x": 200, "y": 50, "w": 200, "pinned": True, "colour": "#123456"},
    }


ID = "4a1f0f6e-7d0c-4d59-8f39-2f7c2d3f9a10"
NEW = {
    "version": 1, "state": {}, "extra": {},
    "nodes": [
        node(1, "EmptyImage", [32, 16, 1, 255]),
        node(2, ID, [2.0], slot("picture", "IMAGE", 1), slot("factor", "FLOAT", None, widget=True)),
        node(3, "SaveImage", ["new"], slot("images", "IMAGE", 2)),
        node(4, ID, [], slot("picture", "IMAGE", 3)),
        node(5, "PreviewImage", [], slot("images", "IMAGE", 4)),
        node(6, "SomePlugin", [1, "x"], slot("images", "IMAGE", None), mode=2),
    ],
    "links": [
        {"id": 1, "origin_id": 1, "origin_slot": 0, "target_id": 2, "target_slot": 0, "type": "*"},
        {"id": 2, "origin_id": 2, "origin_slot": 0, "target_id": 3, "target_slot": 0, "type": "*"},
        {"id": 3, "origin_id": 1, "origin_slot": 0, "target_id": 4, "target_slot": 0, "type": "*"},
        {"id": 4, "origin_id": 4, "origin_slot": 0, "target_id": 5, "target_slot": 0, "type": "*"},
    ],
    "definitions": {"subgraphs": [{
        "id": ID, "name": "Scale it!", "version": 1,
        "inputs": [
            {"id": "i", "name": "picture", "type": "IMAGE", "linkIds": [1]},
            {"id": "j", "name": "factor", "type": "FLOAT", "linkIds": [3]},
        ],
        "outputs": [{"id": "o", "name": "IMAGE", "type": "IMAGE", "linkIds": [2]}],
        "nodes": [
            node(7, "ImageScaleBy", ["bilinear", 0.5], slot("image", "IMAGE", 1),
                 slot("upscale_method", "COMBO", None, widget=True),
                 slot("scale_by", "FLOAT", 3, widget=True)),
        ],
        "links": [
            {"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 7, "target_slot": 0},
            {"id": 2, "origin_id": 7, "origin_slot": 0, "target_id": -20, "target_slot": 0},
            {"id": 3, "origin_id": -10, "origin_slot": 1, "target_id": 7, "target_slot": 2},
        ],
    }]},
}  # fmt: skip


def test_version_1_with_a_subgraph_used_twice(registry: Registry) -> None:
    workflow = read_any(json.dumps(NEW), "new.json", registry)
    graph = workflow.subgraphs["Scale_it"]
    assert graph.inputs["factor"].default == 0.5 and graph.inputs["picture"].required
    assert workflow.nodes["6"].inputs == {"widgets_values": [1, "x"]}
    assert parse_workflow(to_yaml(workflow)).nodes["6"].inputs == {"widgets_values": [1, "x"]}
    api = api_graph(workflow, registry)
    assert api["2:7"] == {
        "class_type": "ImageScaleBy",
        "inputs": {"upscale_method": "bilinear", "scale_by": 2.0, "image": ["1", 0]},
    }
    assert api["4:7"]["inputs"]["scale_by"] == 0.5  # type: ignore[index,call-overload]
    assert api["3"]["inputs"]["images"] == ["2:7", 0]  # type: ignore[index,call-overload]
    assert len(check(workflow, registry, Folders()).nodes) == 5


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (
            "KSamplerAdvanced",
            ["enable", 5, "fixed", 20, 8.0, "euler", "normal", 0, 10000, "disable"],
            {"noise_seed": 5, "steps": 20, "cfg": 8.0, "return_with_leftover_noise": "disable"},
        ),
        ("LoadImage", ["a.png", "image"], {"image": "a.png"}),
        ("ConditioningSetArea", [64, 72, 8, 16, 0.5], {"height": 72, "y": 16, "strength": 0.5}),
        ("LoraLoader", ["x", 0.25, 0.75], {"strength_model": 0.25, "strength_clip": 0.75}),
        ("MaskComposite", [1, 2, "add"], {"x": 1, "operation": "add"}),
    ],
)
def test_typed_in_values(
    registry: Registry, kind: str, values: list[Any], expected: dict[str, Any]
) -> None:
    data = {"nodes": [node(1, kind, values)], "links": [], "version": 0.4}
    inputs = read_any(json.dumps(data), "x.json", registry).nodes["1"].inputs
    assert {name: inputs.get(name) for name in expected} == expected


def test_damage_is_a_problem(registry: Registry) -> None:
    for data in ({"nodes": [5], "links": []}, {"nodes": [{"id": 1}], "links": []}):
        with pytest.raises(WorkflowError, match="damaged"):
            read_any(json.dumps(data), "x.json", registry)


def test_convert_and_run(shell: Shell, tmp_path: Path) -> None:
    shell.write("new.json", json.dumps(NEW))
    ran = shell("run", "new.json", "--json")
    assert ran.code == 0, ran.text
    assert len(json.loads(ran.out)["outputs"]) == 2
    assert shell("convert", "new.json", "--out", "ours.yaml").code == 0
    assert shell("convert", "new.json", "--out", "ours.yaml").code == 2
    assert shell("validate", "ours.yaml").code == 0
    api = shell("convert", "ours.yaml", "--to", "api").out
    assert api == shell("convert", "new.json", "--to", "api").out
    shell.write("api.json", api)
    assert json.loads(shell("convert", "api.json", "--to", "api").out) == json.loads(api)
    looped = shell("convert", "workflows/for_each.yaml", "--to", "api")
    assert looped.code == 2 and "no lists and loops" in looped.err
