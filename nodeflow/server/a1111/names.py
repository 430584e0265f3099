"""A1111's names of samplers and schedulers, both ways.

A sampler of ours that it does not have goes by its own name. `Automatic` is the schedule that a
sampler has there when none is chosen.
"""

from dataclasses import dataclass
from typing import get_args

from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.schedule.names import SchedulerName
from nodeflow.graph.nearest import nearest
from nodeflow.server.http.fault import Fault

TITLES = {
    "euler_ancestral": "Euler a", "euler": "Euler", "lms": "LMS", "heun": "Heun",
    "dpm_2": "DPM2", "dpm_2_ancestral": "DPM2 a", "dpmpp_2s_ancestral": "DPM++ 2S a",
    "dpmpp_2m": "DPM++ 2M", "dpmpp_sde": "DPM++ SDE", "dpmpp_2m_sde": "DPM++ 2M SDE",
    "dpmpp_2m_sde_heun": "DPM++ 2M SDE Heun", "dpmpp_3m_sde": "DPM++ 3M SDE",
    "dpm_fast": "DPM fast", "dpm_adaptive": "DPM adaptive", "ddim": "DDIM", "ddpm": "DDPM",
    "uni_pc": "UniPC", "lcm": "LCM", "er_sde": "ER SDE", "ipndm": "IPNDM", "ipndm_v": "IPNDM_V",
    "deis": "DEIS", "res_multistep": "Res Multistep", "gradient_estimation": "Gradient Estimation",
}  # fmt: skip
AUTOMATIC = {
    "dpmpp_2m": "karras", "dpmpp_sde": "karras", "dpmpp_2s_ancestral": "karras",
    "dpm_2": "karras", "dpm_2_ancestral": "karras", "dpmpp_2m_sde": "exponential",
    "dpmpp_2m_sde_heun": "exponential", "dpmpp_3m_sde": "exponential", "lcm": "sgm_uniform",
    "ddim": "ddim_uniform",
}  # fmt: skip
LABELS = {
    "karras": "Karras", "exponential": "Exponential", "sgm_uniform": "SGM Uniform",
    "simple": "Simple", "normal": "Uniform", "ddim_uniform": "DDIM", "beta": "Beta",
    "kl_optimal": "KL Optimal", "linear_quadratic": "Linear Quadratic",
}  # fmt: skip


@dataclass(frozen=True)
class Sampling:
    """sampler, scheduler: ours. title, label: A1111's, as a generation text says them."""

    sampler: str
    scheduler: str
    title: str
    label: str


def title_of(sampler: str) -> str:
    """A1111's name of a sampler of ours."""
    return TITLES.get(sampler, sampler)


def samplers() -> list[str]:
    """All of ours, those that A1111 has first."""
    known = get_args(SamplerName)
    return [*TITLES, *(name for name in known if name not in TITLES)]


def schedulers() -> list[str]:
    """All of ours."""
    return list(get_args(SchedulerName))


def sampling_of(name: str, schedule: str) -> Sampling:
    """What two names mean; an older name has the schedule at its end. Raises Fault."""
    titles = {title_of(sampler).lower(): sampler for sampler in samplers()}
    titles |= {sampler: sampler for sampler in samplers()}
    labels = {label.lower(): scheduler for scheduler, label in LABELS.items()}
    labels |= {scheduler: scheduler for scheduler in schedulers()}
    wanted, kind = name.strip().lower(), schedule.strip().lower()
    for ending in ("karras", "exponential"):
        if wanted not in titles and wanted.endswith(f" {ending}"):
            wanted = wanted.removesuffix(f" {ending}")
            kind = ending if kind in ("", "automatic") else kind
    if wanted not in titles:
        known = [title_of(sampler) for sampler in samplers()]
        raise Fault(404, "not_found", unknown("Sampler", name, known))
    sampler = titles[wanted]
    if kind in ("", "automatic"):
        return Sampling(sampler, AUTOMATIC.get(sampler, "normal"), title_of(sampler), "Automatic")
    if kind not in labels:
        raise Fault(404, "not_found", unknown("Scheduler", schedule, list(LABELS.values())))
    scheduler = labels[kind]
    return Sampling(sampler, scheduler, title_of(sampler), LABELS[scheduler])


def unknown(kind: str, name: str, known: list[str]) -> str:
    """Words for a name that is not known."""
    close = ", ".join(nearest(name, known))
    return f"{kind} '{name}' not found" + (f", nearest: {close}" if close else "")
