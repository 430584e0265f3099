"""Every sampler by name, with the kind of noise it draws."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

from nodeflow.diffusion.noise import NoiseKind
from nodeflow.diffusion.samplers import (
    ancestral_steps,
    cfg_pp,
    deis,
    dpm_solver,
    dpmpp,
    dpmpp_sde,
    er_sde,
    euler,
    gradient_estimation,
    heunpp,
    ipndm,
    res_multistep,
    sa_solver,
    second_order,
    seeds,
    unipc,
)
from nodeflow.diffusion.samplers.choice import OptionValue, SamplerChoice
from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.samplers.step import Sampler, Sampling
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule


@dataclass(frozen=True, slots=True)
class SamplerEntry:
    """A sampler and where its noise comes from.

    fresh_mask_noise: under a mask, the kept part is noised from seed + 1.
    at_percent: options that are noise levels, as parts of the sampling.
    """

    sampler: Sampler
    noise: NoiseKind = "none"
    fresh_mask_noise: bool = False
    at_percent: tuple[tuple[str, float], ...] = ()


SDE_PART = (("sde_start", 0.2), ("sde_end", 0.8))

SAMPLERS: dict[SamplerName, SamplerEntry] = {
    "euler": SamplerEntry(euler.euler),
    "euler_cfg_pp": SamplerEntry(cfg_pp.euler_cfg_pp),
    "euler_ancestral": SamplerEntry(euler.euler_ancestral, "stream"),
    "euler_ancestral_cfg_pp": SamplerEntry(cfg_pp.euler_ancestral_cfg_pp, "stream"),
    "heun": SamplerEntry(second_order.heun),
    "heunpp2": SamplerEntry(heunpp.heunpp2),
    "dpm_2": SamplerEntry(second_order.dpm_2),
    "dpm_2_ancestral": SamplerEntry(second_order.dpm_2_ancestral, "stream"),
    "lms": SamplerEntry(second_order.lms),
    "dpm_fast": SamplerEntry(dpm_solver.dpm_fast),
    "dpm_adaptive": SamplerEntry(dpm_solver.dpm_adaptive),
    "dpmpp_2s_ancestral": SamplerEntry(dpmpp.dpmpp_2s_ancestral, "stream"),
    "dpmpp_2s_ancestral_cfg_pp": SamplerEntry(cfg_pp.dpmpp_2s_ancestral_cfg_pp, "stream"),
    "dpmpp_sde": SamplerEntry(dpmpp_sde.dpmpp_sde, "brownian"),
    "dpmpp_sde_gpu": SamplerEntry(dpmpp_sde.dpmpp_sde, "brownian_gpu"),
    "dpmpp_2m": SamplerEntry(dpmpp.dpmpp_2m),
    "dpmpp_2m_cfg_pp": SamplerEntry(cfg_pp.dpmpp_2m_cfg_pp),
    "dpmpp_2m_sde": SamplerEntry(dpmpp_sde.dpmpp_2m_sde, "brownian"),
    "dpmpp_2m_sde_gpu": SamplerEntry(dpmpp_sde.dpmpp_2m_sde, "brownian_gpu"),
    "dpmpp_2m_sde_heun": SamplerEntry(dpmpp_sde.dpmpp_2m_sde_heun, "brownian"),
    "dpmpp_2m_sde_heun_gpu": SamplerEntry(dpmpp_sde.dpmpp_2m_sde_heun, "brownian_gpu"),
    "dpmpp_3m_sde": SamplerEntry(dpmpp_sde.dpmpp_3m_sde, "brownian"),
    "dpmpp_3m_sde_gpu": SamplerEntry(dpmpp_sde.dpmpp_3m_sde, "brownian_gpu"),
    "ddpm": SamplerEntry(ancestral_steps.ddpm, "stream"),
    "lcm": SamplerEntry(ancestral_steps.lcm, "stream"),
    "ipndm": SamplerEntry(ipndm.ipndm),
    "ipndm_v": SamplerEntry(ipndm.ipndm_v),
    "deis": SamplerEntry(deis.deis),
    "res_multistep": SamplerEntry(res_multistep.res_multistep),
    "res_multistep_cfg_pp": SamplerEntry(res_multistep.res_multistep_cfg_pp),
    "res_multistep_ancestral": SamplerEntry(res_multistep.res_multistep_ancestral, "stream"),
    "res_multistep_ancestral_cfg_pp": SamplerEntry(
        res_multistep.res_multistep_ancestral_cfg_pp, "stream"
    ),
    "gradient_estimation": SamplerEntry(gradient_estimation.gradient_estimation),
    "gradient_estimation_cfg_pp": SamplerEntry(gradient_estimation.gradient_estimation_cfg_pp),
    "er_sde": SamplerEntry(er_sde.er_sde, "stream"),
    "seeds_2": SamplerEntry(seeds.seeds_2, "stream"),
    "seeds_3": SamplerEntry(seeds.seeds_3, "stream"),
    "sa_solver": SamplerEntry(sa_solver.sa_solver, "stream", at_percent=SDE_PART),
    "sa_solver_pece": SamplerEntry(sa_solver.sa_solver_pece, "stream", at_percent=SDE_PART),
    "ddim": SamplerEntry(euler.euler, fresh_mask_noise=True),
    "uni_pc": SamplerEntry(unipc.uni_pc),
    "uni_pc_bh2": SamplerEntry(unipc.uni_pc_bh2),
}

UNLISTED: dict[str, SamplerEntry] = {
    "euler_pp": SamplerEntry(cfg_pp.euler_pp),
    "lcm_upscale": SamplerEntry(ancestral_steps.lcm_upscale, "stream"),
}
"""Samplers that only a node of their own offers."""


def entry_of(choice: SamplerChoice, schedule: DiscreteSchedule) -> SamplerEntry:
    """A chosen sampler with its options bound, for a model's noise levels."""
    entry = UNLISTED.get(choice.name) or SAMPLERS[cast(SamplerName, choice.name)]
    percents = dict(entry.at_percent)
    options: dict[str, OptionValue] = {}
    for name, value in choice.options:
        if name.endswith("_percent"):
            percents[name.removesuffix("_percent")] = float(value)
        else:
            options[name] = value
    options |= {name: schedule.at_percent(percent) for name, percent in percents.items()}
    if not options:
        return entry
    return replace(entry, sampler=partial(cast(Callable[..., Sampling], entry.sampler), **options))
