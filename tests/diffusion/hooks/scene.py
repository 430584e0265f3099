"""The embedded model with LoRA files of random numbers, and short samplings of it."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from nodeflow.diffusion.checkpoint.header import read_header
from nodeflow.diffusion.checkpoint.open import OpenedCheckpoint, open_checkpoint
from nodeflow.diffusion.conditioning import Conditioning
from nodeflow.diffusion.hooks.texts import encode_with
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.noise import Noise
from nodeflow.diffusion.recipe import ClipRecipe, ModelRecipe, Tower, WeightsFile
from nodeflow.diffusion.residency import Residency, residency_of
from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.samplers.registry import SAMPLERS
from nodeflow.diffusion.sampling.resident import sample_resident, schedule_of
from nodeflow.diffusion.sampling.trajectory import Prompts, Trajectory
from nodeflow.diffusion.schedule.steps import full_sigmas
from nodeflow.diffusion.text.encode import encode_prompt
from nodeflow.node.context import RunContext
from nodeflow.values.structured import decode, encode

EMBEDDED = Path(__file__).parents[3] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"


@dataclass(frozen=True)
class Scene:
    """The model, a LoRA for UNet and text encoder, and another model of the same sizes."""

    opened: OpenedCheckpoint
    other: OpenedCheckpoint
    lora: WeightsFile
    context: RunContext

    @property
    def model(self) -> ModelRecipe:
        """The embedded one."""
        return self.opened.model

    @property
    def residency(self) -> Residency:
        """Of the context."""
        return self.context.resources.get(*residency_of("cpu"))

    def text(self, text: str, clip: ClipRecipe | None = None) -> Conditioning:
        """An encoded prompt that has been stored and read again."""
        used = self.opened.clip if clip is None else clip
        assert decode(encode(used)) == used
        made: Conditioning = decode(
            encode(encode_with(self.residency, used, lambda e: encode_prompt(e, text)))
        )
        return made

    def trajectory(
        self,
        positive: Conditioning,
        negative: Conditioning,
        name: SamplerName = "euler",
        steps: int = 4,
    ) -> Trajectory:
        """A short sampling of a small latent."""
        sigmas = full_sigmas(schedule_of(self.model), "karras", name, steps)
        sides = Prompts(positive, negative, 3.0)
        latent = Latent(torch.zeros(1, 4, 8, 8))
        return Trajectory(latent, Noise(5), sides, SAMPLERS[name], tuple(sigmas.tolist()))

    def sampled(
        self, trajectory: Trajectory, model: ModelRecipe | None = None, **more: object
    ) -> Tensor:
        """Its latent."""
        context = replace(self.context, **more)  # type: ignore[arg-type]
        return sample_resident(model or self.model, trajectory, context).samples


def scene(folder: Path) -> Scene:
    """All of it, its files in a folder."""
    opened = open_checkpoint(EMBEDDED, "one")
    context = RunContext()
    residency: Residency = context.resources.get(*residency_of("cpu"))
    draw = torch.Generator().manual_seed(3)
    tensors: dict[str, Tensor] = {}
    for prefix, module in (
        ("lora_unet_", residency.unet(opened.model)),
        ("lora_te_", residency.text_encoders(opened.clip).towers[Tower.L]),
    ):
        for name, layer in module.named_modules():
            if isinstance(layer, torch.nn.Linear) and ("attn" in name):
                stem = prefix + name.replace(".", "_")
                out, into = layer.weight.shape
                tensors[f"{stem}.lora_up.weight"] = torch.randn(out, 2, generator=draw) * 0.2
                tensors[f"{stem}.lora_down.weight"] = torch.randn(2, into, generator=draw) * 0.2
    save_file(tensors, folder / "random.safetensors")
    changed = {
        name: value + torch.randn(value.shape, generator=draw).to(value) * 0.01
        if value.is_floating_point() and value.numel()
        else value
        for name, value in load_file(EMBEDDED).items()
    }
    save_file(changed, folder / "other.safetensors", dict(read_header(EMBEDDED).metadata))
    other = open_checkpoint(folder / "other.safetensors", "two")
    return Scene(opened, other, WeightsFile(str(folder / "random.safetensors"), "lora"), context)
