"""What a model file goes with, by its header alone; weights are not read."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from nodeflow.diffusion.adapters.grouping import context_width
from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header
from nodeflow.diffusion.checkpoint.parts import text_parts, unet_part
from nodeflow.diffusion.checkpoint.pickled import HOW, allowed, is_pickled
from nodeflow.diffusion.control.files import read_control
from nodeflow.diffusion.control.made_for import texts_of
from nodeflow.diffusion.families.registry import FAMILIES, family_of
from nodeflow.diffusion.ip_adapter.files import read_ip_adapter
from nodeflow.diffusion.recipe import FamilyName
from nodeflow.diffusion.unet.config import UNetConfig

Families = tuple[FamilyName, ...]
SAFETENSORS = (".safetensors", ".sft")


@dataclass(frozen=True)
class Told:
    """families: those a file goes with, empty where its header does not say. trouble: why it cannot
    be read, empty where it can."""

    families: Families = ()
    trouble: str = ""


def told_by(kind: str, path: Path) -> Told:
    """Of a file or folder of a kind of models (`loras`, `controlnet` …).

    Pickled files are left alone, since they have no header. A file that is as it was, by size and
    time, is not read again.
    """
    try:
        stat = path.stat()
        if path.is_file() and is_pickled(path):
            return Told(trouble="" if allowed() else f"it is a pickled file: {HOW}")
        return _told(kind, path, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        return Told(trouble=f"it cannot be read: {error.strerror}")


def families_of(kind: str, path: Path) -> Families:
    """The families alone; none of a file that is not sound."""
    return told_by(kind, path).families


@lru_cache(maxsize=4096)
def _told(kind: str, path: Path, modified: int, size: int) -> Told:
    try:
        return Told(_families(kind, path))
    except CheckpointError as error:
        return Told(trouble=str(error))


def _families(kind: str, path: Path) -> Families:
    match kind:
        case "checkpoints" | "diffusion_models" | "diffusers":
            return (family_of(unet_part(path).config).name,)
        case "loras":
            return _reading(context_width(read_header(path)))
        case "controlnet":
            file = read_control(path)
            if file.config is not None:
                return (family_of(file.config.unet).name,)
            return tuple(name for width in texts_of(file) for name in _reading(width))
        case "ipadapter":
            return _reading(read_ip_adapter(path).config.context)
        case "text_encoders":
            towers = text_parts(path).keys()
            return tuple(f.name for f in FAMILIES if towers and towers <= set(f.towers))
        case _ if path.suffix in SAFETENSORS:
            read_header(path)
    return ()


def _reading(width: int | None) -> Families:
    """The family whose models read text of a width."""
    return () if width is None else (family_of(UNetConfig(context_width=width)).name,)
