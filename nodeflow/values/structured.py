"""The codec of all stored values: nested plain values, dataclasses and tensors.

The form is a safetensors file whose tensors are numbered and whose metadata `value` is a JSON
skeleton. A tensor in the skeleton is `{"$tensor": n}`, a dataclass `{"$class": name,
"fields": {…}}`, a tuple `{"$tuple": […]}`; only the classes named in `CLASSES` can come back, so
reading runs no foreign code.
"""

import importlib
import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

CLASSES = {
    "Latent": "nodeflow.diffusion.latent",
    "Area": "nodeflow.diffusion.conditioning",
    "AreaFraction": "nodeflow.diffusion.conditioning",
    "Sizes": "nodeflow.diffusion.conditioning",
    "ImagePrompt": "nodeflow.diffusion.conditioning",
    "ExtraImage": "nodeflow.diffusion.conditioning",
    "ConditioningEntry": "nodeflow.diffusion.conditioning",
    "WeightsFile": "nodeflow.diffusion.recipe",
    "TextSource": "nodeflow.diffusion.recipe",
    "ControlRecipe": "nodeflow.diffusion.recipe",
    "Control": "nodeflow.diffusion.conditioning",
    "ModelRecipe": "nodeflow.diffusion.recipe",
    "ClipRecipe": "nodeflow.diffusion.recipe",
    "VaeRecipe": "nodeflow.diffusion.recipe",
    "VisionRecipe": "nodeflow.diffusion.recipe",
    "Prediction": "nodeflow.diffusion.recipe",
    "SamplerChoice": "nodeflow.diffusion.samplers.choice",
    "RescaleCfg": "nodeflow.diffusion.guidance.rescale",
    "DifferentialDiffusion": "nodeflow.diffusion.sampling.differential",
    "FreeU": "nodeflow.diffusion.patches.freeu",
    "PerturbedAttention": "nodeflow.diffusion.guidance.perturbed",
    "SelfAttention": "nodeflow.diffusion.guidance.self_attention",
    "ProjectedGuidance": "nodeflow.diffusion.guidance.projected",
    "Downscale": "nodeflow.diffusion.patches.downscale",
    "HyperTile": "nodeflow.diffusion.patches.hypertile",
    "Compiled": "nodeflow.diffusion.patches.compiled",
    "Backend": "nodeflow.diffusion.patches.compiled",
    "TiledDiffusion": "nodeflow.diffusion.patches.tiled",
    "Blending": "nodeflow.diffusion.patches.tiled",
    "TokenMerging": "nodeflow.diffusion.patches.token_merging",
    "Noise": "nodeflow.diffusion.noise",
    "Guided": "nodeflow.diffusion.sampling.guided",
    "Prompts": "nodeflow.diffusion.sampling.trajectory",
    "DualPrompts": "nodeflow.diffusion.guidance.dual",
    "PerpNegPrompts": "nodeflow.diffusion.guidance.perp_neg",
    "HypernetworkPatch": "nodeflow.diffusion.hypernetworks.patch",
    "IPAdapterRecipe": "nodeflow.diffusion.ip_adapter.patch",
    "SeenPictures": "nodeflow.diffusion.ip_adapter.patch",
    "PicturePrompt": "nodeflow.diffusion.ip_adapter.patch",
    "PhotoMakerRecipe": "nodeflow.diffusion.recipe",
    "GligenRecipe": "nodeflow.diffusion.recipe",
    "Grounding": "nodeflow.diffusion.conditioning",
    "TextBox": "nodeflow.diffusion.conditioning",
    "AdapterPatch": "nodeflow.diffusion.adapters.patch",
    "HeldAdapter": "nodeflow.diffusion.adapters.held",
    "HeldAdapterPatch": "nodeflow.diffusion.adapters.held",
    "MergePatch": "nodeflow.diffusion.merging.patch",
    "Share": "nodeflow.diffusion.merging.patch",
    "Keyframe": "nodeflow.diffusion.hooks.hook",
    "WholeModel": "nodeflow.diffusion.hooks.hook",
    "Hook": "nodeflow.diffusion.hooks.hook",
    "ClipHooks": "nodeflow.diffusion.hooks.hook",
    "UpscaleRecipe": "nodeflow.diffusion.upscale.model",
    "ImageFeatures": "nodeflow.diffusion.vision.transformer",
    "FamilyName": "nodeflow.diffusion.recipe",
    "Labels": "nodeflow.diffusion.recipe",
    "ExtraChannels": "nodeflow.diffusion.recipe",
    "Tower": "nodeflow.diffusion.recipe",
    "StoredAs": "nodeflow.diffusion.recipe",
    "Time": "nodeflow.diffusion.recipe",
    "Artifacts": "nodeflow.node.artifact",
    "SavedFile": "nodeflow.node.artifact",
}

METADATA, SKELETON = "__metadata__", "value"


class CodecError(Exception):
    """A value of a type that cannot be stored, or bytes that hold no value."""


def is_tensor(value: object) -> bool:
    """Whether a value is a torch tensor; False where torch was never imported."""
    return type(value).__module__.startswith("torch") and hasattr(value, "untyped_storage")


def tensors(value: object) -> Iterator["torch.Tensor"]:
    """All tensors in a value, in a fixed order."""
    stack = [value]
    while stack:
        item = stack.pop()
        if is_tensor(item):
            yield item  # type: ignore[misc]
        elif isinstance(item, dict):
            stack.extend(reversed(list(item.values())))
        elif isinstance(item, list | tuple):
            stack.extend(reversed(item))
        elif is_dataclass(item) and not isinstance(item, type):
            stack.extend(getattr(item, f.name) for f in reversed(fields(item)))


def nbytes(value: object) -> int:
    """Bytes of memory that a value's tensors take."""
    return sum(t.numel() * t.element_size() for t in tensors(value))


def _skeleton(value: Any, found: list[Any]) -> Any:
    if value is None or isinstance(value, bool | str):
        if isinstance(value, Enum):
            return {"$enum": type(value).__name__, "value": value.value}
        return value
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return {"$float": value.hex()}
    if is_tensor(value):
        found.append(value)
        return {"$tensor": len(found) - 1}
    if isinstance(value, tuple):
        return {"$tuple": [_skeleton(item, found) for item in value]}
    if isinstance(value, list):
        return [_skeleton(item, found) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"$dict": {key: _skeleton(item, found) for key, item in value.items()}}
    name = type(value).__name__
    if is_dataclass(value) and CLASSES.get(name) == type(value).__module__:
        return {
            "$class": name,
            "fields": {f.name: _skeleton(getattr(value, f.name), found) for f in fields(value)},
        }
    raise CodecError(f"a value of type {type(value).__qualname__} cannot be stored")


def encode(value: object) -> bytes:
    """A value as bytes. Raises CodecError where it holds something that cannot be stored."""
    found: list[Any] = []
    skeleton = json.dumps(_skeleton(value, found), separators=(",", ":"), sort_keys=True)
    if found:
        from safetensors.torch import save

        return bytes(save(_apart(found), {SKELETON: skeleton}))
    head = json.dumps({METADATA: {SKELETON: skeleton}}, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    return len(head).to_bytes(8, "little") + head


def _apart(found: "list[torch.Tensor]") -> "dict[str, torch.Tensor]":
    """Tensors by number, on the CPU; copied only where two share memory, which the form forbids."""
    apart: dict[str, torch.Tensor] = {}
    seen: set[int] = set()
    for i, tensor in enumerate(found):
        plain = tensor.detach().cpu().contiguous()
        where = plain.untyped_storage().data_ptr()
        apart[str(i)] = plain.clone() if where in seen else plain
        seen.add(where)
    return apart


def _value(skeleton: Any, found: dict[str, Any]) -> Any:
    if isinstance(skeleton, list):
        return [_value(item, found) for item in skeleton]
    if not isinstance(skeleton, dict):
        return skeleton
    if "$tensor" in skeleton:
        return found[str(skeleton["$tensor"])]
    if "$float" in skeleton:
        return float.fromhex(skeleton["$float"])
    if "$tuple" in skeleton:
        return tuple(_value(item, found) for item in skeleton["$tuple"])
    if "$dict" in skeleton:
        return {key: _value(item, found) for key, item in skeleton["$dict"].items()}
    name = skeleton.get("$class") or skeleton["$enum"]
    kind = getattr(importlib.import_module(CLASSES[name]), name)
    if "$enum" in skeleton:
        return kind(skeleton["value"])
    return kind(**{key: _value(item, found) for key, item in skeleton["fields"].items()})


def decode(data: bytes) -> Any:
    """The value that `encode` stored. Raises CodecError where the bytes hold none."""
    try:
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        skeleton = json.loads(header[METADATA][SKELETON])
        found: dict[str, Any] = {}
        if len(header) > 1:
            from safetensors.torch import load

            found = load(data)
        return _value(skeleton, found)
    except Exception as error:
        raise CodecError(f"these bytes hold no value: {type(error).__name__}: {error}") from error


def digest(value: object) -> str:
    """BLAKE2b (hex, 16 bytes) of a value's content."""
    return blake2b(encode(value), digest_size=16).hexdigest()
