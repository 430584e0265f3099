"""Algorithms with options, for the open sampler."""

from typing import Annotated, Literal

from nodeflow.diffusion.samplers.choice import SamplerChoice
from nodeflow.node import Range, node
from nodeflow.values import Model, Sampler

CATEGORY = "sampling/custom_sampling/samplers"
Amount = Annotated[float, Range(0.0, 100.0, step=0.01)]
Percent = Annotated[float, Range(0.0, 1.0, step=0.001)]
Device = Literal["gpu", "cpu"]
LatentMethod = Literal["bislerp", "nearest-exact", "bilinear", "area", "bicubic"]


def on_device(name: str, noise_device: Device) -> str:
    """The sampler whose Brownian noise lies on the device, or on the CPU."""
    return f"{name}_gpu" if noise_device == "gpu" else name


@node("SamplerEulerAncestral", category=CATEGORY, store=False)
def sampler_euler_ancestral(
    eta: Amount = 1.0,
    s_noise: Amount = 1.0,
) -> Sampler:
    """Euler with fresh noise in each step.

    Args:
        eta: how much fresh noise the steps draw; 0 is none.
        s_noise: factor of that noise.
    """
    return SamplerChoice(
        "euler_ancestral",
        (
            ("eta", eta),
            ("s_noise", s_noise),
        ),
    )


@node("SamplerEulerAncestralCFGPP", category=CATEGORY, store=False)
def sampler_euler_ancestral_cfgpp(
    eta: Annotated[float, Range(0.0, 1.0, step=0.01)] = 1.0,
    s_noise: Annotated[float, Range(0.0, 10.0, step=0.01)] = 1.0,
) -> Sampler:
    """Euler with fresh noise, by CFG++.

    Args:
        eta: how much fresh noise the steps draw; 0 is none.
        s_noise: factor of that noise.
    """
    return SamplerChoice(
        "euler_ancestral_cfg_pp",
        (
            ("eta", eta),
            ("s_noise", s_noise),
        ),
    )


@node("SamplerEulerCFGpp", category=CATEGORY, store=False, experimental=True)
def sampler_euler_cfg_pp(version: Literal["regular", "alternative"] = "regular") -> Sampler:
    """Euler by CFG++.

    Args:
        version: regular shifts x before the step; alternative is the paper's (`euler_cfg_pp`).
    """
    return SamplerChoice("euler_pp" if version == "regular" else "euler_cfg_pp")


@node("SamplerLMS", category=CATEGORY, store=False)
def sampler_lms(
    order: Annotated[int, Range(1, 100, step=1)] = 4,
) -> Sampler:
    """Linear multistep.

    Args:
        order: how many past slopes are used.
    """
    return SamplerChoice("lms", (("order", order),))


@node("SamplerLCMUpscale", category=CATEGORY, store=False)
def sampler_lcm_upscale(
    scale_ratio: Annotated[float, Range(0.1, 20.0, step=0.01)] = 1.0,
    scale_steps: Annotated[int, Range(-1, 1000, step=1)] = -1,
    upscale_method: LatentMethod = "bislerp",
) -> Sampler:
    """The consistency sampler on a latent that grows while it is sampled.

    Args:
        scale_ratio: the size at the end, in parts of the size at the start.
        scale_steps: in how many of the first steps it grows; -1 is half of them.
        upscale_method: how the latent is resized.
    """
    return SamplerChoice(
        "lcm_upscale",
        (("scale", scale_ratio), ("scale_steps", scale_steps), ("method", upscale_method)),
    )


@node("SamplerDPMPP_2S_Ancestral", category=CATEGORY, store=False)
def sampler_dpmpp_2_s_ancestral(
    eta: Amount = 1.0,
    s_noise: Amount = 1.0,
) -> Sampler:
    """DPM-Solver++ of second order, single step, with fresh noise.

    Args:
        eta: how much fresh noise the steps draw; 0 is none.
        s_noise: factor of that noise.
    """
    return SamplerChoice(
        "dpmpp_2s_ancestral",
        (
            ("eta", eta),
            ("s_noise", s_noise),
        ),
    )


@node("SamplerDPMPP_SDE", category=CATEGORY, store=False)
def sampler_dpmpp_sde(
    eta: Amount = 1.0,
    s_noise: Amount = 1.0,
    r: Amount = 0.5,
    noise_device: Device = "gpu",
) -> Sampler:
    """DPM-Solver++ of the SDE, single step.

    Args:
        eta: how much fresh noise the steps draw; 0 is none.
        s_noise: factor of that noise.
        r: where in the step the second evaluation lies.
        noise_device: where the noise is drawn; both give other numbers.
    """
    return SamplerChoice(
        on_device("dpmpp_sde", noise_device),
        (
            ("eta", eta),
            ("s_noise", s_noise),
            ("r", r),
        ),
    )


@node("SamplerDPMPP_2M_SDE", category=CATEGORY, store=False)
def sampler_dpmpp_2_m_sde(
    solver_type: Literal["midpoint", "heun"] = "midpoint",
    eta: Amount = 1.0,
    s_noise: Amount = 1.0,
    noise_device: Device = "gpu",
) -> Sampler:
    """DPM-Solver++ of the SDE, two steps.

    Args:
        solver_type: the rule of the second order.
        eta: how much fresh noise the steps draw; 0 is none.
        s_noise: factor of that noise.
        noise_device: where the noise is drawn; both give other numbers.
    """
    return SamplerChoice(
        on_device("dpmpp_2m_sde", noise_device),
        (
            ("solver_type", solver_type),
            ("eta", eta),
            ("s_noise", s_noise),
        ),
    )


@node("SamplerDPMPP_3M_SDE", category=CATEGORY, store=False)
def sampler_dpmpp_3_m_sde(
    eta: Amount = 1.0,
    s_noise: Amount = 1.0,
    noise_device: Device = "gpu",
) -> Sampler:
    """DPM-Solver++ of the SDE, three steps.

    Args:
        eta: how much fresh noise the steps draw; 0 is none.
        s_noise: factor of that noise.
        noise_device: where the noise is drawn; both give other numbers.
    """
    return SamplerChoice(
        on_device("dpmpp_3m_sde", noise_device),
        (
            ("eta", eta),
            ("s_noise", s_noise),
        ),
    )


@node("SamplerDPMAdaptative", category=CATEGORY, store=False)
def sampler_dpmadaptative(
    order: Annotated[int, Range(2, 3, step=1)] = 3,
    rtol: Amount = 0.05,
    atol: Amount = 0.0078,
    h_init: Amount = 0.05,
    pcoeff: Amount = 0.0,
    icoeff: Amount = 1.0,
    dcoeff: Amount = 0.0,
    accept_safety: Amount = 0.81,
    eta: Amount = 0.0,
    s_noise: Amount = 1.0,
) -> Sampler:
    """DPM-Solver with steps as long as the error allows.

    Args:
        order: 2 or 3.
        rtol: relative error allowed.
        atol: absolute error allowed.
        h_init: length of the first step in log sigma.
        pcoeff: proportional part of the controller.
        icoeff: integral part.
        dcoeff: differential part.
        accept_safety: a step is taken again below this factor.
        eta: how much fresh noise the steps draw; 0 is none.
        s_noise: factor of that noise.
    """
    return SamplerChoice(
        "dpm_adaptive",
        (
            ("order", order),
            ("rtol", rtol),
            ("atol", atol),
            ("h_init", h_init),
            ("pcoeff", pcoeff),
            ("icoeff", icoeff),
            ("dcoeff", dcoeff),
            ("accept_safety", accept_safety),
            ("eta", eta),
            ("s_noise", s_noise),
        ),
    )


@node("SamplerER_SDE", category=CATEGORY, store=False)
def sampler_er_sde(
    solver_type: Literal["ER-SDE", "Reverse-time SDE", "ODE"] = "ER-SDE",
    max_stage: Annotated[int, Range(1, 3, step=1)] = 3,
    eta: Amount = 1.0,
    s_noise: Amount = 1.0,
) -> Sampler:
    """Extended reverse-time SDE solver.

    Args:
        solver_type: the noise that is added.
        max_stage: how many terms are used.
        eta: noise of the Reverse-time SDE.
        s_noise: factor of that noise.
    """
    return SamplerChoice(
        "er_sde",
        (
            ("solver_type", solver_type),
            ("max_stage", max_stage),
            ("eta", eta),
            ("s_noise", s_noise),
        ),
    )


@node("SamplerSASolver", category=CATEGORY, store=False)
def sampler_sasolver(
    model: Model,
    eta: Annotated[float, Range(0.0, 10.0, step=0.01)] = 1.0,
    sde_start_percent: Percent = 0.2,
    sde_end_percent: Percent = 0.8,
    s_noise: Amount = 1.0,
    predictor_order: Annotated[int, Range(1, 6, step=1)] = 3,
    corrector_order: Annotated[int, Range(0, 6, step=1)] = 4,
    use_pece: bool = False,
    simple_order_2: bool = False,
) -> Sampler:
    """Stochastic Adams solver.

    Args:
        model: not needed here, kept for workflows: the sampling's own model counts.
        eta: how much fresh noise the steps draw; 0 is none.
        sde_start_percent: noise is drawn from this part of the sampling on.
        sde_end_percent: up to this part.
        s_noise: factor of that noise.
        predictor_order: how many past values the predictor uses.
        corrector_order: how many the corrector uses; 0 is none.
        use_pece: evaluate the corrected latent too.
        simple_order_2: the shortcut for order 2.
    """
    return SamplerChoice(
        "sa_solver",
        (
            ("eta", eta),
            ("sde_start_percent", sde_start_percent),
            ("sde_end_percent", sde_end_percent),
            ("s_noise", s_noise),
            ("predictor_order", predictor_order),
            ("corrector_order", corrector_order),
            ("use_pece", use_pece),
            ("simple_order_2", simple_order_2),
        ),
    )
