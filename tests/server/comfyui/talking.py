"""A client of ComfyUI's routes for tests: prompts, the websocket's messages, waiting."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.server.serving import Answer, Serving

PATIENCE = 60.0


def picture(seed: int = 1, steps: int = 2, prefix: str = "comfy") -> dict[str, Any]:
    """The graph that everybody knows, small."""
    return {
        "3": {
            "class_type": "KSampler",
            "inputs": {
                "seed": seed, "steps": steps, "cfg": 4.0, "sampler_name": "euler",
                "scheduler": "normal", "denoise": 1.0, "model": ["4", 0], "positive": ["6", 0],
                "negative": ["7", 0], "latent_image": ["5", 0],
            },
            "_meta": {"title": "KSampler"},
        },
        "4": {
            "class_type": "CheckpointLoaderSimple",
            "inputs": {"ckpt_name": "tiny-emoji.safetensors"},
            "_meta": {"title": "Load Checkpoint"},
        },
        "5": {
            "class_type": "EmptyLatentImage",
            "inputs": {"width": 64, "height": 64, "batch_size": 1},
            "_meta": {"title": "Empty Latent Image"},
        },
        "6": {
            "class_type": "CLIPTextEncode",
            "inputs": {"text": "an apple", "clip": ["4", 1]},
            "_meta": {"title": "Positive"},
        },
        "7": {
            "class_type": "CLIPTextEncode",
            "inputs": {"text": "", "clip": ["4", 1]},
            "_meta": {"title": "Negative"},
        },
        "8": {
            "class_type": "VAEDecode",
            "inputs": {"samples": ["3", 0], "vae": ["4", 2]},
            "_meta": {"title": "VAE Decode"},
        },
        "9": {
            "class_type": "SaveImage",
            "inputs": {"filename_prefix": prefix, "images": ["8", 0]},
            "_meta": {"title": "Save Image"},
        },
    }  # fmt: skip


def show(value: str) -> dict[str, Any]:
    """A graph that needs no model."""
    return {"1": {"class_type": "Show", "inputs": {"value": value}}}


def plain_picture(color: int, prefix: str) -> dict[str, Any]:
    """A picture that needs no model."""
    inputs = {"width": 16, "height": 8, "batch_size": 1, "color": color}
    return {
        "1": {"class_type": "EmptyImage", "inputs": inputs},
        "2": {
            "class_type": "SaveImage",
            "inputs": {"images": ["1", 0], "filename_prefix": prefix},
        },
    }


def slow(seconds: float) -> dict[str, Any]:
    """A graph that takes a while."""
    return {"1": {"class_type": "Slow", "inputs": {"seconds": seconds}}}


def post(server: Serving, graph: Any, **more: Any) -> Answer:
    """Post a prompt."""
    return server.call("POST", "/prompt", {"prompt": graph, **more})


def begun(server: Serving, id: str) -> str:
    """The id of a prompt, once it runs."""
    end = time.monotonic() + PATIENCE
    while id not in [row[1] for row in server.call("GET", "/queue").json["queue_running"]]:
        assert time.monotonic() < end, server.log
        time.sleep(0.02)
    return id


def entry_of(server: Serving, id: str) -> Any:
    """The history's entry, once it is there."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = server.call("GET", f"/history/{id}").json
        if found:
            return found[id]
        time.sleep(0.02)
    raise AssertionError(server.log)


def ran(server: Serving, graph: Any, **more: Any) -> Any:
    """Post a prompt and wait for its entry in the history."""
    answer = post(server, graph, **more)
    assert answer.status == 200, answer.body
    return entry_of(server, answer.json["prompt_id"])


@dataclass
class Talk:
    """A websocket; `until` reads on until a message fits."""

    connection: ClientConnection
    client: str

    def next(self) -> tuple[str, Any]:
        """The next message: its type and data, or `binary` and bytes."""
        said = self.connection.recv(timeout=PATIENCE)
        if isinstance(said, bytes):
            return "binary", said
        message = json.loads(said)
        assert set(message) == {"type", "data"}
        return message["type"], message["data"]

    def until(self, type: str, **fields: Any) -> list[tuple[str, Any]]:
        """All messages up to the first of that type with those fields."""
        heard = []
        while True:
            heard.append(self.next())
            kind, data = heard[-1]
            if kind == type and all(data.get(key) == value for key, value in fields.items()):
                return heard

    def end_of(self, id: str) -> list[tuple[str, Any]]:
        """All messages until a prompt is over."""
        return self.until("executing", node=None, prompt_id=id)


@contextmanager
def talking(server: Serving, client: str, path: str = "/ws") -> Iterator[Talk]:
    """A websocket as that client."""
    address = f"ws://127.0.0.1:{server.port}{path}?clientId={client}"
    with connect(address, max_size=None) as connection:
        yield Talk(connection, client)


def kinds(heard: list[tuple[str, Any]]) -> list[str]:
    """The types of messages in order, each once where it repeats."""
    names = [kind for kind, _ in heard]
    return [name for i, name in enumerate(names) if i == 0 or names[i - 1] != name]
