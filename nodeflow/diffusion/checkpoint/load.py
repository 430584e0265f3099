"""Reading weights into modules, one tensor at a time, without a second copy of the file."""

from collections.abc import Callable, Iterable, Mapping
from math import prod
from pathlib import Path
from typing import BinaryIO, Literal

import torch
from torch import Tensor, nn

from nodeflow.diffusion.checkpoint import diffusers_folder, ldm_keys
from nodeflow.diffusion.checkpoint.detect import text_config, unet_config, vae_config
from nodeflow.diffusion.checkpoint.header import CheckpointError, TensorInfo, read_header
from nodeflow.diffusion.checkpoint.layout import find_layout
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vae.model import AutoencoderKL

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64, "I32": torch.int32,
}  # fmt: skip
TOKEN_TABLE = "text_model.embeddings.token_embedding.weight"
TOKEN_IDS = "text_model.embeddings.token_ids"
VOCABULARY = 49408


class WeightsReader:
    """Tensors of one or several files, read with plain reads, so that no mapped pages stay."""

    def __init__(self, *paths: Path) -> None:
        self.tensors: dict[str, tuple[BinaryIO, TensorInfo]] = {}
        self._files: list[BinaryIO] = []
        for path in paths:
            header = read_header(path)
            file = path.open("rb")
            self._files.append(file)
            self.tensors.update({name: (file, info) for name, info in header.tensors.items()})

    def __enter__(self) -> "WeightsReader":
        return self

    def __exit__(self, *reason: object) -> None:
        for file in self._files:
            file.close()

    def read(self, name: str) -> Tensor:
        """One tensor in the file's dtype."""
        file, info = self.tensors[name]
        if info.dtype not in DTYPES:
            raise CheckpointError(f"it holds weights of type {info.dtype}")
        dtype = DTYPES[info.dtype]
        if info.end == info.start:
            return torch.empty(info.shape, dtype=dtype)
        data = bytearray(info.end - info.start)
        file.seek(info.start)
        if file.readinto(data) != len(data):  # type: ignore[attr-defined]
            raise CheckpointError("it became shorter while it was read")
        return torch.frombuffer(data, dtype=dtype).reshape(info.shape)


def fill(
    module: nn.Module,
    reader: WeightsReader,
    names: Mapping[str, str],
    dtype: torch.dtype,
    device: str,
) -> None:
    """Give a module on the meta device its weights; `names` maps file names to ours.

    Raises CheckpointError naming what is missing and what has another shape.
    """
    wanted = dict(module.named_parameters())
    missing = [name for name in names if name not in reader.tensors]
    if missing:
        raise CheckpointError(f"{len(missing)} weights are missing: {_some(missing)}")
    for theirs, ours in names.items():
        target, value = wanted.pop(ours), reader.read(theirs)
        if value.dim() == 4 and target.dim() == 2 and value.shape[2:] == (1, 1):
            value = value[:, :, 0, 0]
        elif value.dim() == 2 and target.dim() == 4:
            value = value[:, :, None, None]
        if value.shape != target.shape:
            raise CheckpointError(
                f"'{theirs}' has the shape {list(value.shape)}, expected {list(target.shape)}"
            )
        _assign(module, ours, value.to(device, dtype))
    if wanted:
        raise CheckpointError(f"{len(wanted)} weights have no source: {_some(wanted)}")


def _assign(module: nn.Module, name: str, value: Tensor) -> None:
    *path, leaf = name.split(".")
    owner = module.get_submodule(".".join(path))
    setattr(owner, leaf, nn.Parameter(value, requires_grad=False))


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:5]) + (" …" if len(listed) > 5 else "")


def _part(path: Path, part: str | None, what: str) -> str:
    if part is None:
        raise CheckpointError(f"{path.name} has no {what}")
    return part


def _from_folder(
    folder: Path, part: diffusers_folder.Part, module: nn.Module, dtype: torch.dtype, device: str
) -> None:
    with WeightsReader(*diffusers_folder.part_files(folder, part)) as reader:
        present = set(reader.tensors)
        names = {
            diffusers_folder.stored_name(name, present): name
            for name, _ in module.named_parameters()
        }
        fill(module, reader, names, dtype, device)


def load_unet(path: Path, dtype: torch.dtype, device: str) -> UNet2DConditionModel:
    """The UNet of a single file or a diffusers folder."""
    if path.is_dir():
        with torch.device("meta"):
            unet = UNet2DConditionModel(diffusers_folder.unet_config(path))
        _from_folder(path, "unet", unet, dtype, device)
        return unet.eval()
    header = read_header(path)
    prefix = _part(path, find_layout(header).unet, "UNet")
    config = unet_config(header, prefix)
    with torch.device("meta"):
        unet = UNet2DConditionModel(config)
    names = {prefix + t: o for t, o in ldm_keys.unet_key_map(config).items()}
    with WeightsReader(path) as reader:
        fill(unet, reader, names, dtype, device)
    return unet.eval()


def load_vae(path: Path, dtype: torch.dtype, device: str) -> AutoencoderKL:
    """The autoencoder of a single file, a VAE file or a diffusers folder."""
    if path.is_dir():
        with torch.device("meta"):
            vae = AutoencoderKL(diffusers_folder.vae_config(path))
        _from_folder(path, "vae", vae, dtype, device)
        return vae.eval()
    header = read_header(path)
    prefix = _part(path, find_layout(header).vae, "VAE")
    config = vae_config(header, prefix)
    with torch.device("meta"):
        vae = AutoencoderKL(config)
    names = {prefix + t: o for t, o in ldm_keys.vae_key_map(config).items()}
    with WeightsReader(path) as reader:
        fill(vae, reader, names, dtype, device)
    return vae.eval()


def spread(table: Tensor, ids: Tensor) -> Tensor:
    """A compact token table over CLIP's whole vocabulary; row 0 stands for every other id."""
    whole = table[0].expand(VOCABULARY, -1).clone()
    used = (ids >= 0) & (ids < VOCABULARY)
    whole[ids[used]] = table[used]
    return whole


def load_text(path: Path, dtype: torch.dtype, device: str) -> ClipTextTransformer:
    """The text encoder of a single file or a diffusers folder."""
    if path.is_dir():
        with torch.device("meta"):
            text = ClipTextTransformer(diffusers_folder.text_config(path))
        _from_folder(path, "text_encoder", text, dtype, device)
        return text.eval()
    header = read_header(path)
    prefix = _part(path, find_layout(header).text, "text encoder")
    config = text_config(header, prefix)
    with torch.device("meta"):
        text = ClipTextTransformer(config)
    names = {prefix + name: name for name, _ in text.named_parameters()}
    with WeightsReader(path) as reader:
        fill(text, reader, names, dtype, device)
        if prefix + TOKEN_IDS in reader.tensors:
            ids = reader.read(prefix + TOKEN_IDS)
            embedding = text.text_model.embeddings.token_embedding
            table = spread(embedding.weight.data, ids.to(device))
            embedding.weight = nn.Parameter(table, requires_grad=False)
            embedding.num_embeddings = len(table)
    return text.eval()


Loader = Callable[[Path, torch.dtype, str], nn.Module]
Part = Literal["unet", "vae", "text_encoder"]


def weight_count(path: Path, part: Part) -> int:
    """How many weights a part of a checkpoint has, by headers alone."""
    if path.is_dir():
        headers = [read_header(file) for file in diffusers_folder.part_files(path, part)]
        return sum(prod(info.shape) for h in headers for info in h.tensors.values())
    header = read_header(path)
    layout = find_layout(header)
    prefixes = {"unet": layout.unet, "vae": layout.vae, "text_encoder": layout.text}
    prefix = _part(path, prefixes[part], part)
    names = (name for name in header.tensors if name.startswith(prefix))
    return sum(prod(header.tensors[name].shape) for name in names)
