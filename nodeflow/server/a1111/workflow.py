"""The shipped workflows filled in with what was asked for."""

from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

from nodeflow.diffusion.prompting.lora_tags import lora_tags
from nodeflow.node.plugins import builtin_folder
from nodeflow.server.a1111.asked import Extras, Generation, Img2Img, Txt2Img
from nodeflow.server.a1111.names import Sampling
from nodeflow.server.a1111.pictures import Given
from nodeflow.server.http.fault import Fault

LATENT = {
    "latent": "bilinear", "latent (antialiased)": "bilinear", "latent (bicubic)": "bicubic",
    "latent (bicubic antialiased)": "bicubic", "latent (nearest)": "nearest-exact",
    "latent (nearest-exact)": "nearest-exact",
}  # fmt: skip
PLAIN = {"lanczos": "lanczos", "nearest": "nearest-exact", "none": "lanczos"}
UPSCALERS = {"None": 1, "Lanczos": 4, "Nearest": 4}
"""Names of those that need no network, and the factor that A1111 tells of them."""
Nodes = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Chosen:
    """What options and names have become: files of models, seeds, samplers."""

    checkpoint: str
    sampling: Sampling
    seed: int
    count: int
    vae: str = ""
    clip_skip: int = 1
    loras: dict[str, str] = field(default_factory=dict)
    second: Sampling | None = None
    upscaler: str = ""


@cache
def shipped(name: str) -> dict[str, Any]:
    """A workflow file as data."""
    file = builtin_folder("workflows") / "a1111" / f"{name}.yaml"
    data: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return data


def literal(text: str) -> str:
    """A text as a document writes it."""
    return f"${text}" if text.startswith("$") else text


def start_of(steps: int, strength: float) -> int:
    """The step from which A1111 samples a picture: of the steps the last
    `int(strength · steps) + 1` are done."""
    return max(0, steps - 1 - int(min(max(strength, 0.0), 0.999) * steps))


def filled(name: str, asked: Generation, chosen: Chosen) -> dict[str, Any]:
    """A workflow with what all have in common: models, prompts, seeds, the saved name."""
    document = deepcopy(shipped(name))
    nodes: Nodes = document["nodes"]
    nodes["checkpoint"]["ckpt_name"] = literal(chosen.checkpoint)
    link_models(nodes, asked, chosen)
    for node, text in (("positive", asked.prompt), ("negative", asked.negative_prompt)):
        nodes[node] |= {"text": literal(lora_tags(text)[0]), "steps": asked.steps}
    sampled(nodes["first" if "first" in nodes else "sampler"], asked, chosen.sampling, chosen.seed)
    nodes["canvas"]["seeds"] = str(chosen.seed)
    if asked.save_images:
        kind = "txt2img" if isinstance(asked, Txt2Img) else "img2img"
        nodes["save"] |= {"node": "SaveImage", "filename_prefix": kind}
    return document


def sampled(node: dict[str, Any], asked: Generation, sampling: Sampling, seed: int) -> None:
    """Fill in a sampler."""
    key = "noise_seed" if node["node"] == "KSamplerAdvanced" else "seed"
    node |= {
        key: seed, "steps": asked.steps, "cfg": asked.cfg_scale,
        "sampler_name": sampling.sampler, "scheduler": sampling.scheduler,
    }  # fmt: skip
    if key == "noise_seed":
        node["start_at_step"] = start_of(asked.steps, asked.denoising_strength)


def link_models(nodes: Nodes, asked: Generation, chosen: Chosen) -> None:
    """Put LoRAs, clip skip and a VAE of its own between the checkpoint and those that use it."""
    model, clip = "$checkpoint.MODEL", "$checkpoint.CLIP"
    added: Nodes = {}
    for number, tag in enumerate(lora_tags(asked.prompt + asked.negative_prompt)[1]):
        added[f"lora_{number}"] = {
            "node": "LoraLoader", "model": model, "clip": clip,
            "lora_name": literal(chosen.loras[tag.name]), "strength_model": tag.for_model,
            "strength_clip": tag.for_text,
        }  # fmt: skip
        model, clip = f"$lora_{number}.MODEL", f"$lora_{number}.CLIP"
    encoder = "$clip_skip" if chosen.clip_skip > 1 else clip
    now = {"$checkpoint.MODEL": model, "$checkpoint.CLIP": encoder}
    if chosen.vae:
        added["vae"] = {"node": "VAELoader", "vae_name": literal(chosen.vae)}
        now["$checkpoint.VAE"] = "$vae"
    for node in nodes.values():
        for key, value in node.items():
            if isinstance(value, str):
                node[key] = now.get(value, value)
    nodes["clip_skip"] |= {"clip": clip, "stop_at_clip_layer": -max(1, chosen.clip_skip)}
    nodes.update(added)


def txt2img(asked: Txt2Img, chosen: Chosen) -> dict[str, Any]:
    """The document of txt2img."""
    document = filled("hires" if asked.enable_hr else "txt2img", asked, chosen)
    nodes: Nodes = document["nodes"]
    size = {"width": asked.width, "height": asked.height, "batch_size": chosen.count}
    nodes["empty"] |= size
    if asked.enable_hr:
        second_pass(nodes, asked, chosen)
    return document


def target_size(asked: Txt2Img) -> tuple[int, int]:
    """Width and height after the second pass."""
    wide, high = asked.hr_resize_x, asked.hr_resize_y
    if not wide and not high:
        wide, high = round(asked.width * asked.hr_scale), round(asked.height * asked.hr_scale)
    elif not high:
        high = round(asked.height * wide / asked.width)
    elif not wide:
        wide = round(asked.width * high / asked.height)
    return wide // 8 * 8, high // 8 * 8


def second_pass(nodes: Nodes, asked: Txt2Img, chosen: Chosen) -> None:
    """Fill in the enlarging and the second sampling."""
    width, height = target_size(asked)
    steps = asked.hr_second_pass_steps or asked.steps
    texts = (
        ("second_positive", asked.hr_prompt or asked.prompt),
        ("second_negative", asked.hr_negative_prompt or asked.negative_prompt),
    )
    for node, text in texts:
        nodes[node] |= {"text": literal(lora_tags(text)[0]), "steps": steps}
    sampled(nodes["sampler"], asked, chosen.second or chosen.sampling, chosen.seed)
    nodes["sampler"]["steps"] = steps
    nodes["sampler"]["start_at_step"] = start_of(steps, asked.denoising_strength)
    name = asked.hr_upscaler.lower()
    if name in LATENT:
        nodes["enlarged"] |= {"upscale_method": LATENT[name], "width": width, "height": height}
        return
    enlarge(nodes, "scaled", name, chosen.upscaler, width, height)
    nodes["redone"]["seeds"] = str(chosen.seed)
    nodes["sampler"]["latent_image"] = "$redone"


def enlarge(nodes: Nodes, node: str, name: str, network: str, width: int, height: int) -> None:
    """Fill in how a picture is brought to a size: with a network, or without."""
    method = PLAIN.get(name.lower(), "lanczos")
    nodes[node] |= {"upscale_method": method, "width": width, "height": height}
    if network:
        nodes["network"]["model_name"] = literal(network)
        nodes[node]["image"] = "$by_network"


def img2img(asked: Img2Img, chosen: Chosen, picture: Given, mask: Given | None) -> dict[str, Any]:
    """The document of img2img."""
    document = filled("img2img" if mask is None else "inpaint", asked, chosen)
    nodes: Nodes = document["nodes"]
    nodes["loaded"]["image"] = literal(picture.name)
    nodes["scaled"] |= {
        "width": asked.width, "height": asked.height,
        "crop": "center" if asked.resize_mode == 1 else "disabled",
    }  # fmt: skip
    if mask is None:
        nodes["repeated"]["amount"] = chosen.count
        return document
    nodes["mask_image"]["image"] = literal(mask.name)
    shown = "$inverted" if asked.inpainting_mask_invert else "$mask_image"
    nodes["image"] |= {"mask": shown, "feather": max(0, asked.mask_blur)}
    nodes["part"] |= {
        "mask": shown, "padding": max(0, asked.inpaint_full_res_padding),
        "size": max(asked.width, asked.height) // 8 * 8,
    }  # fmt: skip
    if not asked.inpaint_full_res:
        nodes["encoded"]["pixels"] = "$scaled"
        nodes["masked"]["mask"] = shown
        whole = {"x": 0, "y": 0, "width": asked.width, "height": asked.height}
        nodes["image"] |= {"image": "$scaled", **whole}
    return document


def upscale(asked: Extras, picture: Given, network: str) -> dict[str, Any]:
    """The document of the extras."""
    document = deepcopy(shipped("upscale"))
    nodes: Nodes = document["nodes"]
    nodes["loaded"]["image"] = literal(picture.name)
    if asked.resize_mode == 0:
        width = round(picture.width * asked.upscaling_resize)
        height = round(picture.height * asked.upscaling_resize)
    else:
        width, height = asked.upscaling_resize_w, asked.upscaling_resize_h
        nodes["image"]["crop"] = "center" if asked.upscaling_crop else "disabled"
    if not (0 < width <= 16384 and 0 < height <= 16384):
        raise Fault(422, "bad_request", f"{width} x {height} pixels are out of range")
    enlarge(nodes, "image", asked.upscaler_1, network, width, height)
    return document
