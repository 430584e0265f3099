"""The generation text that A1111's and Forge's pictures carry.

Format: the prompt, a line `Negative prompt: …`, and a last line of `Key: value` pairs by comma,
values with commas or colons in double quotes (JSON strings). It may be read without any model.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from nodeflow.graph.document import NodeEntry, Reference, Workflow, WorkflowInput

NEGATIVE = "Negative prompt:"
_PAIR = re.compile(r'\s*([\w /+.-]+):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')
_FEWEST_PAIRS = 3
SAMPLERS = {
    "euler a": "euler_ancestral", "euler": "euler", "lms": "lms", "heun": "heun",
    "dpm2": "dpm_2", "dpm2 a": "dpm_2_ancestral", "dpm++ 2s a": "dpmpp_2s_ancestral",
    "dpm++ 2m": "dpmpp_2m", "dpm++ sde": "dpmpp_sde", "dpm++ 2m sde": "dpmpp_2m_sde",
    "dpm++ 2m sde heun": "dpmpp_2m_sde_heun", "dpm++ 3m sde": "dpmpp_3m_sde",
    "dpm fast": "dpm_fast", "dpm adaptive": "dpm_adaptive", "ddim": "ddim", "ddpm": "ddpm",
    "unipc": "uni_pc", "lcm": "lcm", "er sde": "er_sde",
}  # fmt: skip
"""A1111's names in lower case to ours."""
SCHEDULERS = {
    "automatic": "normal", "uniform": "normal", "karras": "karras", "exponential": "exponential",
    "sgm uniform": "sgm_uniform", "kl optimal": "kl_optimal", "simple": "simple",
    "normal": "normal", "ddim": "ddim_uniform", "beta": "beta",
}  # fmt: skip


@dataclass(frozen=True)
class Infotext:
    """What the text says: both prompts, and its settings as they are written."""

    prompt: str
    negative: str
    settings: Mapping[str, str]


def read_infotext(text: str) -> Infotext:
    """Take the text apart; a text without settings is all prompt."""
    lines = text.strip().split("\n")
    pairs = _PAIR.findall(lines[-1])
    settings: dict[str, str] = {}
    if len(pairs) >= _FEWEST_PAIRS:
        lines = lines[:-1]
        settings = {key.strip(): unquoted(value) for key, value in pairs}
    prompt: list[str] = []
    negative: list[str] = []
    part = prompt
    for line in lines:
        if line.startswith(NEGATIVE):
            part, line = negative, line.removeprefix(NEGATIVE).lstrip()
        part.append(line)
    return Infotext("\n".join(prompt).strip(), "\n".join(negative).strip(), settings)


def unquoted(value: str) -> str:
    """A value without its quotes."""
    value = value.strip()
    if value.startswith('"'):
        try:
            return str(json.loads(value))
        except ValueError:
            return value.strip('"')
    return value


def quoted(value: str) -> str:
    """A value with quotes where the format needs them."""
    plain = not any(c in value for c in ',:\n"')
    return value if plain else json.dumps(value, ensure_ascii=False)


def write_infotext(info: Infotext) -> str:
    """The text as A1111 writes it."""
    parts = [info.prompt]
    if info.negative:
        parts.append(f"{NEGATIVE} {info.negative}")
    if info.settings:
        parts.append(", ".join(f"{key}: {quoted(value)}" for key, value in info.settings.items()))
    return "\n".join(parts)


def sampler_of(settings: Mapping[str, str]) -> tuple[str, str]:
    """Our names of sampler and scheduler. Older texts have the scheduler in the sampler's name."""
    name = settings.get("Sampler", "Euler a").lower()
    kind = settings.get("Schedule type", "").lower()
    for word in ("karras", "exponential"):
        if name.endswith(f" {word}"):
            name, kind = name.removesuffix(f" {word}"), kind or word
    return SAMPLERS.get(name, "euler_ancestral"), SCHEDULERS.get(kind, "normal")


def _number(settings: Mapping[str, str], key: str, default: float) -> float:
    try:
        return float(settings[key])
    except (KeyError, ValueError):
        return default


def infotext_workflow(info: Infotext, source: str | None) -> Workflow:
    """A text-to-image workflow with the text's settings.

    The checkpoint is named as in the text; whether it is there is for the check to say.
    """
    width, _, height = info.settings.get("Size", "512x512").partition("x")
    sampler, scheduler = sampler_of(info.settings)
    skip = int(_number(info.settings, "Clip skip", 1))
    clip = Reference("clip_skip") if skip > 1 else Reference("checkpoint", "CLIP")
    nodes = [
        NodeEntry(
            "checkpoint",
            "CheckpointLoaderSimple",
            {"ckpt_name": info.settings.get("Model", "tiny-emoji")},
        )
    ]
    if skip > 1:
        nodes.append(
            NodeEntry(
                "clip_skip",
                "CLIPSetLastLayer",
                {"clip": Reference("checkpoint", "CLIP"), "stop_at_clip_layer": -skip},
            )
        )
    nodes += [
        NodeEntry("positive", "CLIPTextEncode", {"clip": clip, "text": info.prompt}),
        NodeEntry("negative", "CLIPTextEncode", {"clip": clip, "text": info.negative}),
        NodeEntry(
            "canvas",
            "EmptyLatentImage",
            {
                "width": int(width) if width.isdigit() else 512,
                "height": int(height) if height.isdigit() else 512,
            },
        ),
        NodeEntry(
            "sampler",
            "KSampler",
            {
                "model": Reference("checkpoint", "MODEL"),
                "positive": Reference("positive"),
                "negative": Reference("negative"),
                "latent_image": Reference("canvas"),
                "seed": max(0, int(_number(info.settings, "Seed", 0))),
                "steps": int(_number(info.settings, "Steps", 20)),
                "cfg": _number(info.settings, "CFG scale", 7.0),
                "sampler_name": sampler,
                "scheduler": scheduler,
            },
        ),
        NodeEntry(
            "image",
            "VAEDecode",
            {"samples": Reference("sampler"), "vae": Reference("checkpoint", "VAE")},
        ),
        NodeEntry("save", "SaveImage", {"images": Reference("image")}),
    ]
    return Workflow(
        nodes={node.name: node for node in nodes},
        inputs={
            "prompt": WorkflowInput("prompt", "positive", "text"),
            "seed": WorkflowInput("seed", "sampler", "seed"),
        },
        source=source,
    )
