"""Which weights are in memory: recipes to modules, each file's part read once."""

import copy
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, TypeAlias, cast

import torch
from torch import nn

from nodeflow.diffusion.checkpoint.header import read_header
from nodeflow.diffusion.checkpoint.load import (
    half_count,
    load_text,
    load_unet,
    load_vae,
    load_vision,
    weight_count,
)
from nodeflow.diffusion.checkpoint.parts import (
    Part,
    text_part,
    unet_part,
    vae_part,
    vision_part,
)
from nodeflow.diffusion.compile import CompiledNetwork, check_backend, compiled
from nodeflow.diffusion.control.files import ControlKind, read_control
from nodeflow.diffusion.control.load import load_control
from nodeflow.diffusion.control.net import ControlNetModel
from nodeflow.diffusion.control.t2i import T2IAdapter
from nodeflow.diffusion.gligen.load import load_gligen
from nodeflow.diffusion.gligen.network import Gligen
from nodeflow.diffusion.hypernetworks.load import load_hypernetwork
from nodeflow.diffusion.hypernetworks.network import Hypernetwork
from nodeflow.diffusion.ip_adapter.load import load_ip_adapter
from nodeflow.diffusion.ip_adapter.network import IPAdapter
from nodeflow.diffusion.packed import pack
from nodeflow.diffusion.patches.compiled import Backend
from nodeflow.diffusion.photomaker.load import load_photomaker
from nodeflow.diffusion.photomaker.network import PhotoMaker
from nodeflow.diffusion.precision import BUDGET, number_bytes
from nodeflow.diffusion.recipe import (
    ClipRecipe,
    ControlRecipe,
    ModelRecipe,
    Patch,
    Tower,
    VaeRecipe,
    VisionRecipe,
    WeightPatch,
    WeightsFile,
)
from nodeflow.diffusion.room import Room
from nodeflow.diffusion.text.encoders import TextEncoders
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vae.model import AutoencoderKL, Half
from nodeflow.diffusion.vae.tiny import TinyAutoencoder
from nodeflow.diffusion.vae.tiny_load import load_tiny
from nodeflow.diffusion.vision.transformer import ClipVisionTransformer

COMPILED = "compiled"
Key: TypeAlias = tuple[object, ...]


def compute_dtype(device: str) -> torch.dtype:
    """float32 on a CPU, float16 on a GPU."""
    return torch.float16 if number_bytes(device) == 2 else torch.float32


def shared_copy(module: nn.Module) -> nn.Module:
    """A module of its own that has the very tensors of another, parts and all.

    What a part keeps beside tensors and parts is shared: plain values that never change.
    """
    twin = copy.copy(module)
    state = vars(twin)
    for held in ("_parameters", "_buffers"):
        state[held] = dict(state[held])
    state["_modules"] = {
        name: part if part is None else shared_copy(part) for name, part in module._modules.items()
    }
    return twin


@dataclass
class Residency:
    """Modules of one device within a budget of bytes, the least recently used let go first.

    With the default an SD1 UNet in float32 stays together with its VAE, and the text encoder
    is gone before the UNet comes; small models all stay. One module may exceed the budget alone.
    May be used from several threads.
    """

    device: str = "cpu"
    budget: int = BUDGET
    _modules: dict[Key, nn.Module] = field(default_factory=dict)
    _room: Room = field(default_factory=Room)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def unet(self, recipe: ModelRecipe) -> UNet2DConditionModel:
        """The denoising network of a model, with its weight patches."""
        path, dtype = Path(recipe.source.path), compute_dtype(self.device)
        module = self._get(
            ("unet", recipe.source.fingerprint, recipe.stored_as),
            lambda: unet_part(path),
            lambda: load_unet(path, dtype, self.device, recipe.stored_as),
            recipe.patches,
        )
        return cast(UNet2DConditionModel, module)

    def compiled(self, recipe: ModelRecipe, backend: Backend) -> CompiledNetwork:
        """The same network, compiled when it is called; kept, so that it is compiled once.

        One at a time is kept, as of changed forms. Raises CannotCompile.
        """
        check_backend(backend, self.device)
        unet = self.unet(recipe)
        changes = tuple(patch for patch in recipe.patches if isinstance(patch, WeightPatch))
        base = (COMPILED, recipe.source.fingerprint, recipe.stored_as)
        with self._lock:
            key = (*base, backend, changes)
            if key not in self._modules:
                self._drop_changed((COMPILED,))
                self._modules[key] = compiled(shared_copy(unet), backend)
            self._modules[key] = self._modules.pop(key)
            return CompiledNetwork(unet, self._modules[key])

    def text_encoders(self, recipe: ClipRecipe) -> TextEncoders:
        """The text encoders with their weight patches."""
        dtype = compute_dtype(self.device)
        found: dict[Tower, ClipTextTransformer] = {}
        for source in recipe.sources:
            path, tower = Path(source.file.path), source.tower
            module = self._get(
                ("text", source.file.fingerprint, tower),
                lambda path=path, tower=tower: text_part(path, tower),  # type: ignore[misc]
                lambda path=path, tower=tower: load_text(path, dtype, self.device, tower),  # type: ignore[misc]
                recipe.patches,
                tower,
            )
            found[tower] = cast(ClipTextTransformer, module)
        return TextEncoders(recipe.family, found)

    def vae(self, recipe: VaeRecipe, half: Half | None = None) -> AutoencoderKL | TinyAutoencoder:
        """The autoencoder, always float32. half: the only one that is needed."""
        if recipe.tiny_scale is not None:
            return self.tiny(recipe, recipe.tiny_scale)
        path = Path(recipe.source.path)
        if half is not None and not recipe.patches:
            size = half_count(path, half) * torch.float32.itemsize
            load = partial(load_vae, path, torch.float32, self.device, (half,))
            key = (f"vae {half}", recipe.source.fingerprint)
            return cast(AutoencoderKL, self._held(key, size, load))
        module = self._get(
            ("vae", recipe.source.fingerprint),
            lambda: vae_part(path),
            lambda: load_vae(path, torch.float32, self.device),
            recipe.patches,
        )
        return cast(AutoencoderKL, module)

    def tiny(self, recipe: VaeRecipe, scale: float) -> TinyAutoencoder:
        """TAESD."""
        files = [recipe.source] + ([recipe.encoder] if recipe.encoder is not None else [])
        key = ("tiny", *(file.fingerprint for file in files), scale)
        paths = [Path(file.path) for file in files]
        size = sum(path.stat().st_size for path in paths)
        module = self._held(key, size, lambda: load_tiny(paths, scale, self.device))
        return cast(TinyAutoencoder, module)

    def preview_decoder(self, path: Path, scale: float) -> TinyAutoencoder:
        """TAESD of which only the decoder is needed and loaded."""
        stat = path.stat()
        key = ("preview", str(path), stat.st_mtime_ns, scale)
        load = partial(load_tiny, [path], scale, self.device, decoder_only=True)
        return cast(TinyAutoencoder, self._held(key, stat.st_size, load))

    def vision(self, recipe: VisionRecipe) -> ClipVisionTransformer:
        """The image encoder."""
        path, dtype = Path(recipe.source.path), compute_dtype(self.device)
        module = self._get(
            ("vision", recipe.source.fingerprint),
            lambda: vision_part(path),
            lambda: load_vision(path, dtype, self.device),
        )
        return cast(ClipVisionTransformer, module)

    def control(self, recipe: ControlRecipe, model: ModelRecipe) -> ControlNetModel | T2IAdapter:
        """A control net. Where it builds on a model's weights and names none, on `model`'s.

        Recipes that differ in `types` alone share one.
        """
        path, dtype = Path(recipe.source.path), compute_dtype(self.device)
        file = read_control(path)
        built_on = recipe.base or (model if file.kind is ControlKind.LORA else None)
        base = None if built_on is None else self.unet(built_on)
        count = sum(prod(info.shape) for info in file.header.tensors.values())
        key = ("control", recipe.source.fingerprint, built_on)
        net = self._held(
            key, count * dtype.itemsize, lambda: load_control(path, dtype, self.device, base)
        )
        return cast(ControlNetModel | T2IAdapter, net)

    def hypernetwork(self, file: WeightsFile) -> Hypernetwork:
        """A hypernetwork; its strength is not part of it."""
        return cast(Hypernetwork, self._beside("hypernetwork", file, load_hypernetwork))

    def ip_adapter(self, file: WeightsFile) -> IPAdapter:
        """An IP-Adapter, with what makes tokens of pictures."""
        return cast(IPAdapter, self._beside("ip_adapter", file, load_ip_adapter))

    def gligen(self, file: WeightsFile) -> Gligen:
        """A network for texts in boxes."""
        return cast(Gligen, self._beside("gligen", file, load_gligen))

    def photomaker(self, file: WeightsFile) -> PhotoMaker:
        """What puts somebody in pictures into a prompt."""
        return cast(PhotoMaker, self._beside("photomaker", file, load_photomaker))

    def _beside(
        self, kind: str, file: WeightsFile, load: Callable[[Path, torch.dtype, str], nn.Module]
    ) -> nn.Module:
        """What works beside a model and is all that its file holds."""
        path, dtype = Path(file.path), compute_dtype(self.device)
        key = (kind, file.fingerprint)
        with self._lock:
            size = 0
            if key not in self._modules:  # the header of a pickled file costs reading all of it
                tensors = read_header(path).tensors.values()
                size = dtype.itemsize * sum(prod(info.shape) for info in tensors)
            return self._held(key, size, lambda: load(path, dtype, self.device))

    def _held(self, key: Key, size: int, load: Callable[[], nn.Module]) -> nn.Module:
        """A module that is loaded when first asked for."""
        with self._lock:
            if key in self._modules:
                self._modules[key] = self._modules.pop(key)
            else:
                self._make_room(size)
                self._modules[key] = load()
                pack(self._modules[key])
            return self._modules[key]

    def _get(
        self,
        key: Key,
        part: Callable[[], Part[Any]],
        load: Callable[[], nn.Module],
        patches: Sequence[Patch] = (),
        tower: Tower | None = None,
    ) -> nn.Module:
        with self._lock:
            changes = tuple(patch for patch in patches if isinstance(patch, WeightPatch))
            wanted = (*key, *changes)
            if wanted in self._modules:
                self._modules[wanted] = self._modules.pop(wanted)
                return self._modules[wanted]
            if changes:
                base = self._get(key, part, load)
                with self._room.kept():
                    self._drop_changed(key)
                    module = shared_copy(base)
                    for patch in changes:
                        patch.apply(module, tower, self._room.like)
            else:
                size = torch.float32 if key[0] == "vae" else compute_dtype(self.device)
                self._make_room(weight_count(part()) * size.itemsize)
                module = load()
            pack(module)
            self._modules[wanted] = module
            return module

    def _drop_changed(self, key: Key) -> None:
        """Let go other changed forms of a base: one at a time, so that two cost no more than one.

        Making one anew takes a small part of reading the base.
        """
        for held in [k for k in self._modules if k[: len(key)] == key and k != key]:
            del self._modules[held]

    def held_bytes(self) -> int:
        """Memory of all weights, those that several modules share counted once."""
        every = (p for module in self._modules.values() for p in module.parameters())
        unique = {id(p): p for p in every}
        return sum(p.numel() * p.element_size() for p in unique.values())

    def _make_room(self, wanted: int) -> None:
        for key in list(self._modules):
            if self.held_bytes() + wanted <= self.budget:
                return
            del self._modules[key]


def residency_of(device: str) -> tuple[type[Residency], Callable[[], Residency]]:
    """The kind of resource and how to make it, as a run context asks."""
    return Residency, lambda: Residency(device)
