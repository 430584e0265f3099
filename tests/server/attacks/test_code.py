"""Pickles, plugins and settings: nothing runs code."""

import os
from typing import Any
from urllib.parse import quote

from tests.server.attacks.uploads import refused
from tests.server.serving import TRIVIAL, Serving, one


def test_pickles_are_not_models(server: Serving) -> None:
    import pickle

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, (f"touch {server.folder}/pwned",)

    for kind in ("checkpoints", "loras", "vae", "embeddings"):
        folder = server.folder / "work" / "models" / kind
        folder.mkdir(parents=True, exist_ok=True)
        for suffix in ("ckpt", "pt", "safetensors"):
            (folder / f"evil.{suffix}").write_bytes(pickle.dumps(Evil()))
    server.call("POST", "/api/v1/node-types/refresh")
    for name in ("evil", "evil.ckpt", "evil.pt", "evil.safetensors"):
        document = {
            "nodes": {
                "it": {"node": "CheckpointLoaderSimple", "ckpt_name": name},
                "see": {"node": "PreviewAny", "source": "$it.MODEL"},
            }
        }
        refused(server.call("POST", "/api/v1/jobs", {"document": document}), 400, 422)
    embedded = {
        "nodes": {
            "checkpoint": {"node": "CheckpointLoaderSimple", "ckpt_name": "tiny-emoji"},
            "text": {"node": "CLIPTextEncode", "clip": "$checkpoint.CLIP",
                     "text": "embedding:evil embedding:evil.pt a cat"},
            "lora": {"node": "LoraLoader", "model": "$checkpoint.MODEL", "clip": "$checkpoint.CLIP",
                     "lora_name": "evil.pt"},
            "vae": {"node": "VAELoader", "vae_name": "evil.pt"},
            "see": {"node": "PreviewAny", "source": "$text"},
            "see lora": {"node": "PreviewAny", "source": "$lora.MODEL"},
            "see vae": {"node": "PreviewAny", "source": "$vae"},
        }
    }  # fmt: skip
    for only in ("see", "see lora", "see vae"):
        answer = server.call(
            "POST", "/api/v1/jobs", {"document": embedded, "only": [only], "wait": 50}
        )
        assert answer.status in (200, 422), answer.body
        assert only == "see" or answer.status == 422 or answer.json["state"] == "failed"
    for path in ("/api/v1/models/checkpoints/evil", "/view_metadata/checkpoints?filename=evil"):
        assert server.call("GET", path).status in (200, 400, 404, 422)
    assert not (server.folder / "pwned").exists()


def test_no_route_changes_plugins_or_settings_files(server: Serving) -> None:
    plugins = server.folder / "work" / "plugins"
    before = {path: path.read_bytes() for path in plugins.rglob("*.py")}
    outside = quote("../../plugins/evil.py", safe="")
    for path in ("/plugins/evil.py", "/api/v1/plugins", "/customnode/install",
                 f"/userdata/{outside}", "/api/v1/files/plugins/evil.py"):  # fmt: skip
        for method in ("POST", "PUT"):
            answer = server.call(method, path, b"import os", {"Content-Type": "text/x-python"})
            assert answer.status >= 400, path
    assert {path: path.read_bytes() for path in plugins.rglob("*.py")} == before
    for path in ("..%2ftoken", "..%2f..%2ftoken", "token", "%2e%2e/settings.json"):
        answer = server.call("GET", f"/userdata/{path}")
        assert server.token.encode() not in answer.body


def test_plugins_that_print_gigabytes_or_die(server: Serving) -> None:
    assert server.run(one("Loud", megabytes=30))["state"] == "done"
    job = server.run(one("Die", marker=str(server.folder / "marker"), times=5))
    assert job["state"] == "failed"
    assert server.run(TRIVIAL)["state"] == "done"
    assert (server.folder / "log").stat().st_size < 10_000_000
