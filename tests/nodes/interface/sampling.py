"""Samplers, schedules, guiders, noise."""

NODES: dict[str, tuple[str, str]] = {
    "KSampler": (
        "model MODEL; seed INT=0; steps INT=20; cfg FLOAT=8.0; sampler_name COMBO=euler; "
        "scheduler COMBO=normal; positive CONDITIONING; negative CONDITIONING; "
        "latent_image LATENT; denoise FLOAT=1.0",
        "LATENT",
    ),
    "KSamplerAdvanced": (
        "model MODEL; add_noise COMBO=enable; noise_seed INT=0; steps INT=20; cfg FLOAT=8.0; "
        "sampler_name COMBO=euler; scheduler COMBO=normal; positive CONDITIONING; "
        "negative CONDITIONING; latent_image LATENT; start_at_step INT=0; "
        "end_at_step INT=10000; return_with_leftover_noise COMBO=disable",
        "LATENT",
    ),
    "KSamplerSelect": ("sampler_name COMBO=euler", "SAMPLER"),
    "SamplerCustom": (
        "model MODEL; add_noise BOOLEAN=True; noise_seed INT=0; cfg FLOAT=8.0; "
        "positive CONDITIONING; negative CONDITIONING; sampler SAMPLER; sigmas SIGMAS; "
        "latent_image LATENT",
        "output LATENT, denoised_output LATENT",
    ),
    "SamplerCustomAdvanced": (
        "noise NOISE; guider GUIDER; sampler SAMPLER; sigmas SIGMAS; latent_image LATENT",
        "output LATENT, denoised_output LATENT",
    ),
    "CFGGuider": (
        "model MODEL; positive CONDITIONING; negative CONDITIONING; cfg FLOAT=8.0", "GUIDER",
    ),
    "BasicGuider": ("model MODEL; conditioning CONDITIONING", "GUIDER"),
    "DualCFGGuider": (
        "model MODEL; cond1 CONDITIONING; cond2 CONDITIONING; negative CONDITIONING; "
        "cfg_conds FLOAT=8.0; cfg_cond2_negative FLOAT=8.0; style COMBO=regular",
        "GUIDER",
    ),
    "PerpNegGuider": (
        "model MODEL; positive CONDITIONING; negative CONDITIONING; "
        "empty_conditioning CONDITIONING; cfg FLOAT=8.0; neg_scale FLOAT=1.0",
        "GUIDER",
    ),
    "RandomNoise": ("noise_seed INT=0", "NOISE"),
    "AddNoise": ("model MODEL; noise NOISE; sigmas SIGMAS; latent_image LATENT", "LATENT"),
    "BasicScheduler": (
        "model MODEL; scheduler COMBO=normal; steps INT=20; denoise FLOAT=1.0", "SIGMAS",
    ),
    "KarrasScheduler": (
        "steps INT=20; sigma_max FLOAT=14.614642; sigma_min FLOAT=0.0291675; rho FLOAT=7.0",
        "SIGMAS",
    ),
    "ExponentialScheduler": (
        "steps INT=20; sigma_max FLOAT=14.614642; sigma_min FLOAT=0.0291675", "SIGMAS",
    ),
    "PolyexponentialScheduler": (
        "steps INT=20; sigma_max FLOAT=14.614642; sigma_min FLOAT=0.0291675; rho FLOAT=1.0",
        "SIGMAS",
    ),
    "VPScheduler": (
        "steps INT=20; beta_d FLOAT=19.9; beta_min FLOAT=0.1; eps_s FLOAT=0.001", "SIGMAS",
    ),
    "BetaSamplingScheduler": (
        "model MODEL; steps INT=20; alpha FLOAT=0.6; beta FLOAT=0.6", "SIGMAS",
    ),
    "LaplaceScheduler": (
        "steps INT=20; sigma_max FLOAT=14.614642; sigma_min FLOAT=0.0291675; mu FLOAT=0.0; "
        "beta FLOAT=0.5",
        "SIGMAS",
    ),
    "SDTurboScheduler": ("model MODEL; steps INT=1; denoise FLOAT=1.0", "SIGMAS"),
    "AlignYourStepsScheduler": ("model_type COMBO=SD1; steps INT=10; denoise FLOAT=1.0", "SIGMAS"),
    "SplitSigmas": ("sigmas SIGMAS; step INT=0", "high_sigmas SIGMAS, low_sigmas SIGMAS"),
    "SplitSigmasDenoise": (
        "sigmas SIGMAS; denoise FLOAT=1.0", "high_sigmas SIGMAS, low_sigmas SIGMAS",
    ),
    "FlipSigmas": ("sigmas SIGMAS", "SIGMAS"),
    "SamplerEulerAncestral": ("eta FLOAT=1.0; s_noise FLOAT=1.0", "SAMPLER"),
    "SamplerDPMPP_2M_SDE": (
        "solver_type COMBO=midpoint; eta FLOAT=1.0; s_noise FLOAT=1.0; noise_device COMBO=gpu",
        "SAMPLER",
    ),
    "SamplerDPMPP_SDE": (
        "eta FLOAT=1.0; s_noise FLOAT=1.0; r FLOAT=0.5; noise_device COMBO=gpu", "SAMPLER",
    ),
    "SamplerLMS": ("order INT=4", "SAMPLER"),
    "SamplerLCMUpscale": (
        "scale_ratio FLOAT=1.0; scale_steps INT=-1; upscale_method COMBO=bislerp", "SAMPLER",
    ),
}  # fmt: skip
