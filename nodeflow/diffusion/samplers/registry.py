"""Every sampler by name, with the kind of noise it draws."""

from dataclasses import dataclass
from typing import Literal

from nodeflow.diffusion.samplers import (
    ancestral_steps,
    dpmpp,
    dpmpp_sde,
    euler,
    second_order,
    unipc,
)
from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.samplers.step import Sampler

NoiseKind = Literal["none", "stream", "brownian"]


@dataclass(frozen=True, slots=True)
class SamplerEntry:
    """A sampler and where its noise comes from.

    fresh_mask_noise: under a mask, the kept part is noised from seed + 1.
    """

    sampler: Sampler
    noise: NoiseKind = "none"
    fresh_mask_noise: bool = False


SAMPLERS: dict[SamplerName, SamplerEntry] = {
    "euler": SamplerEntry(euler.euler),
    "euler_ancestral": SamplerEntry(euler.euler_ancestral, "stream"),
    "heun": SamplerEntry(second_order.heun),
    "dpm_2": SamplerEntry(second_order.dpm_2),
    "dpm_2_ancestral": SamplerEntry(second_order.dpm_2_ancestral, "stream"),
    "lms": SamplerEntry(second_order.lms),
    "dpmpp_2s_ancestral": SamplerEntry(dpmpp.dpmpp_2s_ancestral, "stream"),
    "dpmpp_sde": SamplerEntry(dpmpp_sde.dpmpp_sde, "brownian"),
    "dpmpp_2m": SamplerEntry(dpmpp.dpmpp_2m),
    "dpmpp_2m_sde": SamplerEntry(dpmpp_sde.dpmpp_2m_sde, "brownian"),
    "dpmpp_2m_sde_heun": SamplerEntry(dpmpp_sde.dpmpp_2m_sde_heun, "brownian"),
    "dpmpp_3m_sde": SamplerEntry(dpmpp_sde.dpmpp_3m_sde, "brownian"),
    "ddpm": SamplerEntry(ancestral_steps.ddpm, "stream"),
    "lcm": SamplerEntry(ancestral_steps.lcm, "stream"),
    "ddim": SamplerEntry(euler.euler, fresh_mask_noise=True),
    "uni_pc": SamplerEntry(unipc.uni_pc),
    "uni_pc_bh2": SamplerEntry(unipc.uni_pc_bh2),
}
