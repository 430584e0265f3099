"""Port types with their colours and the Python types behind them.

The inner types are names only, resolved by a type checker and never at run time, so that
describing nodes imports no torch.
"""

from typing import TYPE_CHECKING, Annotated

from nodeflow.node.port import PortType

if TYPE_CHECKING:
    import torch

    from nodeflow.diffusion import conditioning, latent, noise, recipe
    from nodeflow.diffusion.adapters import held
    from nodeflow.diffusion.hooks import hook
    from nodeflow.diffusion.ip_adapter import patch
    from nodeflow.diffusion.samplers import choice
    from nodeflow.diffusion.sampling import guided
    from nodeflow.diffusion.upscale import model as upscale
    from nodeflow.diffusion.vision import transformer as vision

Image = Annotated["torch.Tensor", PortType("IMAGE", "#64B5F6")]
"""float32 `[batch, height, width, 3]` in 0..1."""
Mask = Annotated["torch.Tensor", PortType("MASK", "#81C784")]
"""float32 `[batch, height, width]` in 0..1."""
Latent = Annotated["latent.Latent", PortType("LATENT", "#FF9CF9")]
Conditioning = Annotated["conditioning.Conditioning", PortType("CONDITIONING", "#FFA931")]
Model = Annotated["recipe.ModelRecipe", PortType("MODEL", "#B39DDB")]
Clip = Annotated["recipe.ClipRecipe", PortType("CLIP", "#FFD500")]
ClipVision = Annotated["recipe.VisionRecipe", PortType("CLIP_VISION", "#A8DADC")]
ClipVisionOutput = Annotated["vision.ImageFeatures", PortType("CLIP_VISION_OUTPUT", "#AD7452")]
Vae = Annotated["recipe.VaeRecipe", PortType("VAE", "#FF6E6E")]
Sigmas = Annotated["torch.Tensor", PortType("SIGMAS", "#CDFFCD")]
"""float32 `[steps + 1]`, noise levels in the order of the steps."""
Sampler = Annotated["choice.SamplerChoice", PortType("SAMPLER", "#ECB4B4")]
Noise = Annotated["noise.Noise", PortType("NOISE", "#B0B0B0")]
Guider = Annotated["guided.Guided", PortType("GUIDER", "#66FFFF")]
ControlNet = Annotated["recipe.ControlRecipe", PortType("CONTROL_NET", "#00D78D")]
IPAdapter = Annotated["patch.IPAdapterRecipe", PortType("IPADAPTER", "#5BC0BE")]
Gligen = Annotated["recipe.GligenRecipe", PortType("GLIGEN", "#9BC53D")]
PhotoMaker = Annotated["recipe.PhotoMakerRecipe", PortType("PHOTOMAKER", "#C38D9E")]
LoraModel = Annotated["held.HeldAdapter", PortType("LORA_MODEL")]
Hooks = Annotated["hook.Hooks", PortType("HOOKS")]
HookKeyframes = Annotated["hook.Keyframes", PortType("HOOK_KEYFRAMES")]
TimestepsRange = Annotated["tuple[float, float]", PortType("TIMESTEPS_RANGE")]
"""A part of the sampling, from and until, 0..1."""
Floats = Annotated["float | tuple[float, ...]", PortType("FLOATS")]
LossMap = Annotated["tuple[float, ...]", PortType("LOSS_MAP")]
"""The loss of each training step."""
UpscaleModel = Annotated["upscale.UpscaleRecipe", PortType("UPSCALE_MODEL")]
