"""`/object_info`, models, devices and lists."""

import shutil
from pathlib import Path
from typing import Any

from tests.server.serving import Serving, serving

FIELDS = {
    "input", "input_order", "is_input_list", "output", "output_is_list", "output_name",
    "output_tooltips", "name", "display_name", "description", "python_module", "category",
    "output_node",
}  # fmt: skip


def test_help_beside_a_node(comfy: Serving) -> None:
    answer = comfy.call("GET", "/docs/KSampler/en.md")
    assert answer.headers["content-type"].startswith("text/markdown")
    text = answer.body.decode()
    assert text.startswith("# KSampler\n") and "\n| cfg | FLOAT, 0 to 100 | " in text
    assert "\n## Outputs\n" in text and "| LATENT |" in text
    for wrong in ("/docs/Nothing/en.md", "/docs/KSampler/en.html"):
        assert comfy.call("GET", wrong).status == 404


def test_every_node_type_is_described(comfy: Serving) -> None:
    types = comfy.call("GET", "/object_info").json
    ours = comfy.call("GET", "/api/v1/node-types").json["nodes"]
    assert set(types) == {node["id"] for node in ours}
    for id, info in types.items():
        assert set(info) >= FIELDS and info["name"] == id
        assert set(info["input"]) == {"required", "optional", "hidden"}
        for section, names in info["input_order"].items():
            assert names == list(info["input"][section])
        for section in ("required", "optional"):
            for kind, options in info["input"][section].values():
                assert isinstance(kind, str | list) and isinstance(options, dict)
                if isinstance(kind, list) and "default" in options:
                    assert options["default"] in kind
        count = len(info["output"])
        assert count == len(info["output_is_list"]) == len(info["output_name"])
    assert comfy.call("GET", "/api/object_info").json == types


def test_the_sampler_is_as_clients_know_it(comfy: Serving) -> None:
    info = comfy.call("GET", "/object_info/KSampler").json["KSampler"]
    required: dict[str, Any] = info["input"]["required"]
    assert list(required) == [
        "model", "positive", "negative", "latent_image", "seed", "steps", "cfg", "sampler_name",
        "scheduler", "denoise",
    ]  # fmt: skip
    assert required["model"][0] == "MODEL"
    kind, options = required["seed"]
    assert kind == "INT" and options["control_after_generate"] is True
    assert (options["default"], options["min"], options["max"]) == (0, 0, 2**64 - 1)
    assert "euler" in required["sampler_name"][0] and "karras" in required["scheduler"][0]
    assert required["cfg"][1]["tooltip"]
    assert info["output"] == ["LATENT"] and info["output_node"] is False
    assert info["python_module"] == "nodes" and info["category"] == "sampling"


def test_choices_of_models_and_of_plugins(comfy: Serving) -> None:
    loader = comfy.call("GET", "/object_info/CheckpointLoaderSimple").json
    choices = loader["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0]
    assert choices == comfy.call("GET", "/models/checkpoints").json
    assert "tiny-emoji.safetensors" in choices
    own = comfy.call("GET", "/object_info/Show").json["Show"]
    assert own["python_module"] == "custom_nodes.small" and own["output_node"] is True
    colour = comfy.call("GET", "/object_info/EmptyImage").json["EmptyImage"]
    assert colour["input"]["required"]["color"][1]["display"] == "color"
    save = comfy.call("GET", "/object_info/SaveImage").json["SaveImage"]
    assert save["input"]["hidden"] == {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"}
    lists = comfy.call("GET", "/object_info/RebatchImages").json["RebatchImages"]
    assert lists["output"] == ["IMAGE"] and lists["output_is_list"] == [True]
    assert comfy.call("GET", "/object_info/Nobody").json == {}


def test_models_by_folder(comfy: Serving) -> None:
    assert {"checkpoints", "controlnet", "vae"} <= set(comfy.call("GET", "/models").json)
    nets = comfy.call("GET", "/models/controlnet").json
    assert nets == ["tiny-canny.safetensors", "tiny-silhouette.safetensors"]
    assert comfy.call("GET", "/models/embeddings").json == []
    assert comfy.call("GET", "/models/nothing").status == 404
    found = comfy.call("GET", "/view_metadata/checkpoints?filename=tiny-emoji.safetensors")
    assert found.status == 200 and isinstance(found.json, dict)
    for name in ("", "?filename=none.safetensors", "?filename=../../etc/passwd"):
        assert comfy.call("GET", f"/view_metadata/checkpoints{name}").status == 404
    embeddings = comfy.folder / "work" / "models" / "embeddings"
    embeddings.mkdir(parents=True)
    (embeddings / "bad.hands.safetensors").write_bytes(b"")
    assert comfy.call("GET", "/embeddings").json == ["bad.hands"]
    assert comfy.call("GET", "/models/embeddings").json == ["bad.hands.safetensors"]
    shutil.rmtree(embeddings)
    assert comfy.call("GET", "/embeddings").json == []


def test_the_machine(comfy: Serving) -> None:
    comfy.worker_pid()
    stats = comfy.call("GET", "/system_stats").json
    system = stats["system"]
    assert system["ram_total"] > system["ram_free"] > 0
    assert system["python_version"] and system["pytorch_version"]
    device = stats["devices"][0]
    assert device["name"] == device["type"] == "cpu"
    assert device["vram_total"] > 0 and "torch_vram_total" in device


def test_lists_that_are_empty_here(comfy: Serving) -> None:
    for path in ("/extensions", "/workflow_templates", "/i18n", "/node_replacements",
                 "/global_subgraphs"):  # fmt: skip
        for prefix in ("", "/api"):
            answer = comfy.call("GET", prefix + path)
            assert answer.status == 200 and not answer.json
    for path in ("/global_subgraphs/x", "/extensions/pack/script.js", "/extensions/pack",
                 "/templates/index.json", "/api/extensions/pack/script.js"):  # fmt: skip
        answer = comfy.call("GET", path)
        assert answer.status == 404 and answer.json["code"] == "not_found", path


def test_the_server_itself_has_no_torch(comfy: Serving) -> None:
    assert comfy.process is not None
    maps = Path(f"/proc/{comfy.process.pid}/maps")
    comfy.call("GET", "/object_info")
    comfy.call("GET", "/system_stats")
    assert "libtorch" not in maps.read_text(encoding="utf-8")


def test_another_page_is_served_instead_of_ours(tmp_path: Path) -> None:
    page = tmp_path / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<title>another</title>", encoding="utf-8")
    (page / "assets" / "a.js").write_text("1", encoding="utf-8")
    with serving(tmp_path, "--page", str(page)) as server:
        assert server.call("GET", "/").body == b"<title>another</title>"
        assert server.call("GET", "/assets/a.js").headers["content-type"] == "text/javascript"
        assert server.call("GET", "/queue").json == {"queue_running": [], "queue_pending": []}
        assert server.call("GET", "/internal/nothing").status == 404
        assert server.call("GET", "/controlnet/version").status == 404
        assert server.call("GET", "/deep/link", headers={"Accept": "text/html"}).status == 200
