"""Prompts, regions, hooks."""

NODES: dict[str, tuple[str, str]] = {
    "CLIPTextEncode": ("text STRING; clip CLIP", "CONDITIONING"),
    "CLIPSetLastLayer": ("clip CLIP; stop_at_clip_layer INT=-1", "CLIP"),
    "ConditioningCombine": (
        "conditioning_1 CONDITIONING; conditioning_2 CONDITIONING", "CONDITIONING",
    ),
    "ConditioningConcat": (
        "conditioning_to CONDITIONING; conditioning_from CONDITIONING", "CONDITIONING",
    ),
    "ConditioningAverage": (
        "conditioning_to CONDITIONING; conditioning_from CONDITIONING; "
        "conditioning_to_strength FLOAT=1.0",
        "CONDITIONING",
    ),
    "ConditioningSetArea": (
        "conditioning CONDITIONING; width INT=64; height INT=64; x INT=0; y INT=0; "
        "strength FLOAT=1.0",
        "CONDITIONING",
    ),
    "ConditioningSetMask": (
        "conditioning CONDITIONING; mask MASK; strength FLOAT=1.0; set_cond_area COMBO=default",
        "CONDITIONING",
    ),
    "ConditioningSetTimestepRange": (
        "conditioning CONDITIONING; start FLOAT=0.0; end FLOAT=1.0", "CONDITIONING",
    ),
    "ConditioningZeroOut": ("conditioning CONDITIONING", "CONDITIONING"),
    "ConditioningSetAreaStrength": (
        "conditioning CONDITIONING; strength FLOAT=1.0", "CONDITIONING",
    ),
    "ConditioningSetAreaPercentage": (
        "conditioning CONDITIONING; width FLOAT=1.0; height FLOAT=1.0; x FLOAT=0.0; y FLOAT=0.0; "
        "strength FLOAT=1.0",
        "CONDITIONING",
    ),
    "CreateHookLora": (
        "lora_name STRING; strength_model FLOAT=1.0; strength_clip FLOAT=1.0; "
        "prev_hooks HOOKS=None",
        "HOOKS",
    ),
    "CreateHookModelAsLora": (
        "ckpt_name STRING; strength_model FLOAT=1.0; strength_clip FLOAT=1.0; "
        "prev_hooks HOOKS=None",
        "HOOKS",
    ),
    "SetClipHooks": (
        "clip CLIP; apply_to_conds BOOLEAN=True; schedule_clip BOOLEAN=False; hooks HOOKS=None",
        "CLIP",
    ),
    "SetHookKeyframes": ("hooks HOOKS; hook_kf HOOK_KEYFRAMES=None", "HOOKS"),
    "CreateHookKeyframe": (
        "strength_mult FLOAT=1.0; start_percent FLOAT=0.0; prev_hook_kf HOOK_KEYFRAMES=None",
        "HOOK_KF HOOK_KEYFRAMES",
    ),
    "CreateHookKeyframesInterpolated": (
        "strength_start FLOAT=1.0; strength_end FLOAT=1.0; interpolation COMBO=linear; "
        "start_percent FLOAT=0.0; end_percent FLOAT=1.0; keyframes_count INT=5; "
        "print_keyframes BOOLEAN=False; prev_hook_kf HOOK_KEYFRAMES=None",
        "HOOK_KF HOOK_KEYFRAMES",
    ),
    "CombineHooks2": ("hooks_A HOOKS=None; hooks_B HOOKS=None", "HOOKS"),
    "CombineHooks4": (
        "hooks_A HOOKS=None; hooks_B HOOKS=None; hooks_C HOOKS=None; hooks_D HOOKS=None", "HOOKS",
    ),
    "CombineHooks8": (
        "; ".join(f"hooks_{letter} HOOKS=None" for letter in "ABCDEFGH"), "HOOKS",
    ),
    "CreateHookKeyframesFromFloats": (
        "floats_strength FLOATS; start_percent FLOAT=0.0; end_percent FLOAT=1.0; "
        "print_keyframes BOOLEAN=False; prev_hook_kf HOOK_KEYFRAMES=None",
        "HOOK_KF HOOK_KEYFRAMES",
    ),
    "ConditioningSetDefaultCombine": (
        "cond CONDITIONING; cond_DEFAULT CONDITIONING; hooks HOOKS=None", "CONDITIONING",
    ),
    "PairConditioningSetDefaultCombine": (
        "positive CONDITIONING; negative CONDITIONING; positive_DEFAULT CONDITIONING; "
        "negative_DEFAULT CONDITIONING; hooks HOOKS=None",
        "positive CONDITIONING, negative CONDITIONING",
    ),
    "PairConditioningSetProperties": (
        "positive_NEW CONDITIONING; negative_NEW CONDITIONING; strength FLOAT=1.0; "
        "set_cond_area COMBO=default; mask MASK=None; hooks HOOKS=None; "
        "timesteps TIMESTEPS_RANGE=None",
        "positive CONDITIONING, negative CONDITIONING",
    ),
    "PairConditioningSetPropertiesAndCombine": (
        "positive CONDITIONING; negative CONDITIONING; positive_NEW CONDITIONING; "
        "negative_NEW CONDITIONING; strength FLOAT=1.0; set_cond_area COMBO=default; "
        "mask MASK=None; hooks HOOKS=None; timesteps TIMESTEPS_RANGE=None",
        "positive CONDITIONING, negative CONDITIONING",
    ),
    "ConditioningSetProperties": (
        "cond_NEW CONDITIONING; strength FLOAT=1.0; set_cond_area COMBO=default; "
        "mask MASK=None; hooks HOOKS=None; timesteps TIMESTEPS_RANGE=None",
        "CONDITIONING",
    ),
    "ConditioningTimestepsRange": (
        "start_percent FLOAT=0.0; end_percent FLOAT=1.0", "TIMESTEPS_RANGE",
    ),
    "CLIPVisionEncode": (
        "clip_vision CLIP_VISION; image IMAGE; crop COMBO=center", "CLIP_VISION_OUTPUT",
    ),
    "unCLIPConditioning": (
        "conditioning CONDITIONING; clip_vision_output CLIP_VISION_OUTPUT; strength FLOAT=1.0; "
        "noise_augmentation FLOAT=0.0",
        "CONDITIONING",
    ),
    "CLIPTextEncodeSDXL": (
        "clip CLIP; width INT=1024; height INT=1024; crop_w INT=0; crop_h INT=0; "
        "target_width INT=1024; target_height INT=1024; text_g STRING; text_l STRING",
        "CONDITIONING",
    ),
    "CLIPTextEncodeSDXLRefiner": (
        "ascore FLOAT=6.0; width INT=1024; height INT=1024; text STRING; clip CLIP",
        "CONDITIONING",
    ),
    "InpaintModelConditioning": (
        "positive CONDITIONING; negative CONDITIONING; vae VAE; pixels IMAGE; mask MASK; "
        "noise_mask BOOLEAN=True",
        "positive CONDITIONING, negative CONDITIONING, latent LATENT",
    ),
    "InstructPixToPixConditioning": (
        "positive CONDITIONING; negative CONDITIONING; vae VAE; pixels IMAGE",
        "positive CONDITIONING, negative CONDITIONING, latent LATENT",
    ),
    "SD_4XUpscale_Conditioning": (
        "images IMAGE; positive CONDITIONING; negative CONDITIONING; scale_ratio FLOAT=4.0; "
        "noise_augmentation FLOAT=0.0",
        "positive CONDITIONING, negative CONDITIONING, latent LATENT",
    ),
    "GLIGENTextBoxApply": (
        "conditioning_to CONDITIONING; clip CLIP; gligen_textbox_model GLIGEN; text STRING; "
        "width INT=64; height INT=64; x INT=0; y INT=0",
        "CONDITIONING",
    ),
    "PhotoMakerEncode": (
        "photomaker PHOTOMAKER; image IMAGE; clip CLIP; text STRING", "CONDITIONING",
    ),
    "SetUnionControlNetType": ("control_net CONTROL_NET; type COMBO=auto", "CONTROL_NET"),
    "ControlNetApply": (
        "conditioning CONDITIONING; control_net CONTROL_NET; image IMAGE; strength FLOAT=1.0",
        "CONDITIONING",
    ),
    "ControlNetApplyAdvanced": (
        "positive CONDITIONING; negative CONDITIONING; control_net CONTROL_NET; image IMAGE; "
        "strength FLOAT=1.0; start_percent FLOAT=0.0; end_percent FLOAT=1.0; vae VAE=None",
        "positive CONDITIONING, negative CONDITIONING",
    ),
}  # fmt: skip
