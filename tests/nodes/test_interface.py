"""Built-in nodes have the field's names, defaults, limits and outputs."""

from pathlib import Path

import pytest

from nodeflow.node.plugins import load_registry
from nodeflow.node.port import Choices, Range, wire_name
from nodeflow.node.spec import REQUIRED
from nodeflow.node.trust import TrustList

REGISTRY = load_registry([], TrustList(Path("nowhere.json")))

INTERFACE: dict[str, tuple[str, str]] = {
    "VAEDecode": ("samples LATENT; vae VAE", "IMAGE"),
    "CheckpointLoaderSimple": ("ckpt_name STRING", "MODEL, CLIP, VAE"),
    "EmptyLatentImage": ("width INT=512; height INT=512; batch_size INT=1", "LATENT"),
    "CLIPTextEncode": ("text STRING; clip CLIP", "CONDITIONING"),
    "KSampler": (
        "model MODEL; seed INT=0; steps INT=20; cfg FLOAT=8.0; sampler_name COMBO=euler; "
        "scheduler COMBO=normal; positive CONDITIONING; negative CONDITIONING; "
        "latent_image LATENT; denoise FLOAT=1.0",
        "LATENT",
    ),
    "SaveImage": ("images IMAGE; filename_prefix STRING=nodeflow", ""),
    "SaveAnimatedWEBP": (
        "images IMAGE; filename_prefix STRING=nodeflow; fps FLOAT=6.0; lossless BOOLEAN=True; "
        "quality INT=80; method COMBO=default",
        "",
    ),
    "PreviewImage": ("images IMAGE", ""),
    "LoadImage": ("image STRING", "IMAGE, MASK"),
    "VAELoader": ("vae_name STRING", "VAE"),
    "VAEEncode": ("pixels IMAGE; vae VAE", "LATENT"),
    "CLIPSetLastLayer": ("clip CLIP; stop_at_clip_layer INT=-1", "CLIP"),
    "KSamplerAdvanced": (
        "model MODEL; add_noise COMBO=enable; noise_seed INT=0; steps INT=20; cfg FLOAT=8.0; "
        "sampler_name COMBO=euler; scheduler COMBO=normal; positive CONDITIONING; "
        "negative CONDITIONING; latent_image LATENT; start_at_step INT=0; "
        "end_at_step INT=10000; return_with_leftover_noise COMBO=disable",
        "LATENT",
    ),
    "VAEEncodeForInpaint": ("pixels IMAGE; vae VAE; mask MASK; grow_mask_by INT=6", "LATENT"),
    "ConditioningCombine": (
        "conditioning_1 CONDITIONING; conditioning_2 CONDITIONING", "CONDITIONING",
    ),
    "LatentUpscale": (
        "samples LATENT; upscale_method COMBO=nearest-exact; width INT=512; height INT=512; "
        "crop COMBO=disabled",
        "LATENT",
    ),
    "LatentUpscaleBy": (
        "samples LATENT; upscale_method COMBO=nearest-exact; scale_by FLOAT=1.5", "LATENT",
    ),
    "ImageScale": (
        "image IMAGE; upscale_method COMBO=nearest-exact; width INT=512; height INT=512; "
        "crop COMBO=disabled",
        "IMAGE",
    ),
    "ImageScaleBy": (
        "image IMAGE; upscale_method COMBO=nearest-exact; scale_by FLOAT=1.0", "IMAGE",
    ),
    "ImageInvert": ("image IMAGE", "IMAGE"),
    "EmptyImage": ("width INT=512; height INT=512; batch_size INT=1; color INT=0", "IMAGE"),
    "SolidMask": ("value FLOAT=1.0; width INT=512; height INT=512", "MASK"),
    "InvertMask": ("mask MASK", "MASK"),
    "MaskComposite": (
        "destination MASK; source MASK; x INT=0; y INT=0; operation COMBO=multiply", "MASK",
    ),
    "SetLatentNoiseMask": ("samples LATENT; mask MASK", "LATENT"),
    "SaveLatent": ("samples LATENT; filename_prefix STRING=latents/nodeflow", ""),
    "LoadLatent": ("latent STRING", "LATENT"),
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
    "ModelSamplingDiscrete": ("model MODEL; sampling COMBO=eps; zsnr BOOLEAN=False", "MODEL"),
    "ModelSamplingContinuousV": (
        "model MODEL; sampling COMBO=v_prediction; sigma_max FLOAT=500.0; sigma_min FLOAT=0.03",
        "MODEL",
    ),
    "ModelSamplingContinuousEDM": (
        "model MODEL; sampling COMBO=v_prediction; sigma_max FLOAT=120.0; sigma_min FLOAT=0.002",
        "MODEL",
    ),
    "DifferentialDiffusion": ("model MODEL; strength FLOAT=1.0", "MODEL"),
    "FreeU": (
        "model MODEL; b1 FLOAT=1.1; b2 FLOAT=1.2; s1 FLOAT=0.9; s2 FLOAT=0.2", "MODEL",
    ),
    "FreeU_V2": (
        "model MODEL; b1 FLOAT=1.3; b2 FLOAT=1.4; s1 FLOAT=0.9; s2 FLOAT=0.2", "MODEL",
    ),
    "PerturbedAttentionGuidance": ("model MODEL; scale FLOAT=3.0", "MODEL"),
    "RescaleCFG": ("model MODEL; multiplier FLOAT=0.7", "MODEL"),
    "ConditioningSetAreaStrength": (
        "conditioning CONDITIONING; strength FLOAT=1.0", "CONDITIONING",
    ),
    "ConditioningSetAreaPercentage": (
        "conditioning CONDITIONING; width FLOAT=1.0; height FLOAT=1.0; x FLOAT=0.0; y FLOAT=0.0; "
        "strength FLOAT=1.0",
        "CONDITIONING",
    ),
    "PrimitiveInt": ("value INT=0", "INT"),
    "PrimitiveFloat": ("value FLOAT=0.0", "FLOAT"),
    "PrimitiveString": ("value STRING=", "STRING"),
    "PrimitiveBoolean": ("value BOOLEAN=False", "BOOLEAN"),
    "ImageScaleToTotalPixels": (
        "image IMAGE; upscale_method COMBO=nearest-exact; megapixels FLOAT=1.0", "IMAGE",
    ),
    "ImageBatch": ("image1 IMAGE; image2 IMAGE", "IMAGE"),
    "ImageToMask": ("image IMAGE; channel COMBO=red", "MASK"),
    "MaskToImage": ("mask MASK", "IMAGE"),
    "ImagePadForOutpaint": (
        "image IMAGE; left INT=0; top INT=0; right INT=0; bottom INT=0; feathering INT=40",
        "IMAGE, MASK",
    ),
    "Canny": ("image IMAGE; low_threshold FLOAT=0.4; high_threshold FLOAT=0.8", "IMAGE"),
    "FeatherMask": ("mask MASK; left INT=0; top INT=0; right INT=0; bottom INT=0", "MASK"),
    "LoadImageMask": ("image STRING; channel COMBO=alpha", "MASK"),
    "ImageCrop": ("image IMAGE; width INT=512; height INT=512; x INT=0; y INT=0", "IMAGE"),
    "ImageFromBatch": ("image IMAGE; batch_index INT=0; length INT=1", "IMAGE"),
    "RepeatImageBatch": ("image IMAGE; amount INT=1", "IMAGE"),
    "LatentFromBatch": ("samples LATENT; batch_index INT=0; length INT=1", "LATENT"),
    "RepeatLatentBatch": ("samples LATENT; amount INT=1", "LATENT"),
    "LatentComposite": (
        "samples_to LATENT; samples_from LATENT; x INT=0; y INT=0; feather INT=0", "LATENT",
    ),
    "LatentCompositeMasked": (
        "destination LATENT; source LATENT; x INT=0; y INT=0; resize_source BOOLEAN=False; "
        "mask MASK=None",
        "LATENT",
    ),
    "LatentBlend": ("samples1 LATENT; samples2 LATENT; blend_factor FLOAT=0.5", "LATENT"),
    "LatentRotate": ("samples LATENT; rotation COMBO=none", "LATENT"),
    "LatentFlip": ("samples LATENT; flip_method COMBO=x-axis: vertically", "LATENT"),
    "LatentCrop": ("samples LATENT; width INT=512; height INT=512; x INT=0; y INT=0", "LATENT"),
    "LatentBatch": ("samples1 LATENT; samples2 LATENT", "LATENT"),
    "LatentBatchSeedBehavior": ("samples LATENT; seed_behavior COMBO=fixed", "LATENT"),
    "LatentAdd": ("samples1 LATENT; samples2 LATENT", "LATENT"),
    "LatentSubtract": ("samples1 LATENT; samples2 LATENT", "LATENT"),
    "LatentMultiply": ("samples LATENT; multiplier FLOAT=1.0", "LATENT"),
    "LatentInterpolate": ("samples1 LATENT; samples2 LATENT; ratio FLOAT=1.0", "LATENT"),
    "ImageCompositeMasked": (
        "destination IMAGE; source IMAGE; x INT=0; y INT=0; resize_source BOOLEAN=False; "
        "mask MASK=None",
        "IMAGE",
    ),
    "CropMask": ("mask MASK; x INT=0; y INT=0; width INT=512; height INT=512", "MASK"),
    "GrowMask": ("mask MASK; expand INT=0; tapered_corners BOOLEAN=True", "MASK"),
    "ThresholdMask": ("mask MASK; value FLOAT=0.5", "MASK"),
    "ImageColorToMask": ("image IMAGE; color INT=0", "MASK"),
    "ImageBlend": (
        "image1 IMAGE; image2 IMAGE; blend_factor FLOAT=0.5; blend_mode COMBO=normal", "IMAGE",
    ),
    "ImageBlur": ("image IMAGE; blur_radius INT=1; sigma FLOAT=1.0", "IMAGE"),
    "ImageSharpen": (
        "image IMAGE; sharpen_radius INT=1; sigma FLOAT=1.0; alpha FLOAT=1.0", "IMAGE",
    ),
    "ImageQuantize": ("image IMAGE; colors INT=256; dither COMBO=none", "IMAGE"),
    "PorterDuffImageComposite": (
        "source IMAGE; source_alpha MASK; destination IMAGE; destination_alpha MASK; "
        "mode COMBO=DST",
        "IMAGE, MASK",
    ),
    "SplitImageWithAlpha": ("image IMAGE", "IMAGE, MASK"),
    "JoinImageWithAlpha": ("image IMAGE; alpha MASK", "IMAGE"),
    "Morphology": ("image IMAGE; operation COMBO=erode; kernel_size INT=3", "IMAGE"),
    "ImageStitch": (
        "image1 IMAGE; direction COMBO=right; match_image_size BOOLEAN=True; "
        "spacing_width INT=0; spacing_color COMBO=white; image2 IMAGE=None",
        "IMAGE",
    ),
    "PreviewAny": ("source *", ""),
    "PrimitiveStringMultiline": ("value STRING=", "STRING"),
    "StringConcatenate": ("string_a STRING; string_b STRING; delimiter STRING=", "STRING"),
    "ModelMergeSimple": ("model1 MODEL; model2 MODEL; ratio FLOAT=1.0", "MODEL"),
    "ModelMergeBlocks": (
        "model1 MODEL; model2 MODEL; input FLOAT=1.0; middle FLOAT=1.0; out FLOAT=1.0", "MODEL",
    ),
    "ModelMergeAdd": ("model1 MODEL; model2 MODEL", "MODEL"),
    "ModelMergeSubtract": ("model1 MODEL; model2 MODEL; multiplier FLOAT=1.0", "MODEL"),
    "CLIPMergeSimple": ("clip1 CLIP; clip2 CLIP; ratio FLOAT=1.0", "CLIP"),
    "CLIPMergeAdd": ("clip1 CLIP; clip2 CLIP", "CLIP"),
    "CLIPMergeSubtract": ("clip1 CLIP; clip2 CLIP; multiplier FLOAT=1.0", "CLIP"),
    "CheckpointSave": (
        "model MODEL; clip CLIP; vae VAE; filename_prefix STRING=checkpoints/nodeflow", "",
    ),
    "ModelSave": ("model MODEL; filename_prefix STRING=diffusion_models/nodeflow", ""),
    "CLIPSave": ("clip CLIP; filename_prefix STRING=clip/nodeflow", ""),
    "VAESave": ("vae VAE; filename_prefix STRING=vae/nodeflow", ""),
    "LoraLoader": (
        "model MODEL; clip CLIP; lora_name STRING; strength_model FLOAT=1.0; "
        "strength_clip FLOAT=1.0",
        "MODEL, CLIP",
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
    "TorchCompileModel": ("model MODEL; backend COMBO=inductor", "MODEL"),
    "TiledDiffusion": (
        "model MODEL; method COMBO=MultiDiffusion; tile_width INT=768; tile_height INT=768; "
        "tile_overlap INT=64; tile_batch_size INT=4",
        "MODEL",
    ),
    "LoraTags": ("model MODEL; clip CLIP; text STRING", "MODEL, CLIP, text STRING"),
    "LoraLoaderModelOnly": ("model MODEL; lora_name STRING; strength_model FLOAT=1.0", "MODEL"),
    "UpscaleModelLoader": ("model_name STRING", "UPSCALE_MODEL"),
    "VAEDecodeTiled": (
        "samples LATENT; vae VAE; tile_size INT=512; overlap INT=64; temporal_size INT=64; "
        "temporal_overlap INT=8",
        "IMAGE",
    ),
    "VAEEncodeTiled": (
        "pixels IMAGE; vae VAE; tile_size INT=512; overlap INT=64; temporal_size INT=64; "
        "temporal_overlap INT=8",
        "LATENT",
    ),
    "unCLIPCheckpointLoader": ("ckpt_name STRING", "MODEL, CLIP, VAE, CLIP_VISION"),
    "DiffusersLoader": ("model_path STRING", "MODEL, CLIP, VAE"),
    "UNETLoader": ("unet_name STRING; weight_dtype COMBO=default", "MODEL"),
    "CLIPLoader": (
        "clip_name STRING; type COMBO=stable_diffusion; device COMBO=default", "CLIP",
    ),
    "DualCLIPLoader": (
        "clip_name1 STRING; clip_name2 STRING; type COMBO=sdxl; device COMBO=default", "CLIP",
    ),
    "CLIPVisionLoader": ("clip_name STRING", "CLIP_VISION"),
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
    "SelfAttentionGuidance": ("model MODEL; scale FLOAT=0.5; blur_sigma FLOAT=2.0", "MODEL"),
    "HyperTile": (
        "model MODEL; tile_size INT=256; swap_size INT=2; max_depth INT=0; "
        "scale_depth BOOLEAN=False",
        "MODEL",
    ),
    "TomePatchModel": ("model MODEL; ratio FLOAT=0.3", "MODEL"),
    "PatchModelAddDownscale": (
        "model MODEL; block_number INT=3; downscale_factor FLOAT=2.0; start_percent FLOAT=0.0; "
        "end_percent FLOAT=0.35; downscale_after_skip BOOLEAN=True; "
        "downscale_method COMBO=bicubic; upscale_method COMBO=bicubic",
        "MODEL",
    ),
    "LoraSave": (
        "filename_prefix STRING=loras/nodeflow_extracted_lora; rank INT=8; "
        "lora_type COMBO=standard; bias_diff BOOLEAN=True; model_diff MODEL=None; "
        "text_encoder_diff CLIP=None",
        "",
    ),
    "TrainLoraNode": (
        "model MODEL; latents LATENT; positive CONDITIONING; batch_size INT=1; "
        "grad_accumulation_steps INT=1; steps INT=16; learning_rate FLOAT=0.0005; rank INT=8; "
        "optimizer COMBO=AdamW; loss_function COMBO=MSE; seed INT=0; training_dtype COMBO=bf16; "
        "lora_dtype COMBO=bf16; algorithm COMBO=LoRA; gradient_checkpointing BOOLEAN=True; "
        "existing_lora STRING=[None]",
        "model_with_lora MODEL, lora LORA_MODEL, loss LOSS_MAP, steps INT",
    ),
    "SaveLoRANode": (
        "lora LORA_MODEL; prefix STRING=loras/nodeflow_trained_lora; steps INT=None", "",
    ),
    "LoraModelLoader": ("model MODEL; lora LORA_MODEL; strength_model FLOAT=1.0", "MODEL"),
    "HypernetworkLoader": (
        "model MODEL; hypernetwork_name STRING; strength FLOAT=1.0", "MODEL",
    ),
    "IPAdapterModelLoader": ("ipadapter_file STRING", "IPADAPTER"),
    "IPAdapterApply": (
        "model MODEL; ipadapter IPADAPTER; clip_vision CLIP_VISION; image IMAGE; weight FLOAT=1.0; "
        "start_at FLOAT=0.0; end_at FLOAT=1.0; attn_mask MASK=None",
        "MODEL",
    ),
    "GLIGENLoader": ("gligen_name STRING", "GLIGEN"),
    "GLIGENTextBoxApply": (
        "conditioning_to CONDITIONING; clip CLIP; gligen_textbox_model GLIGEN; text STRING; "
        "width INT=64; height INT=64; x INT=0; y INT=0",
        "CONDITIONING",
    ),
    "PhotoMakerLoader": ("photomaker_model_name STRING", "PHOTOMAKER"),
    "PhotoMakerEncode": (
        "photomaker PHOTOMAKER; image IMAGE; clip CLIP; text STRING", "CONDITIONING",
    ),
    "ControlNetLoader": ("control_net_name STRING", "CONTROL_NET"),
    "DiffControlNetLoader": ("model MODEL; control_net_name STRING", "CONTROL_NET"),
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
    "GetImageSize": ("image IMAGE", "width INT, height INT, batch_size INT"),
}  # fmt: skip


@pytest.mark.parametrize("id", INTERFACE)
def test_interface(id: str) -> None:
    spec = REGISTRY.get(id)
    assert spec is not None
    inputs, outputs = INTERFACE[id]
    found = {
        f"{port.name} {wire_name(port.type)}"
        + ("" if port.default is REQUIRED else f"={port.default}")
        for port in spec.inputs
    }
    assert found == set(inputs.split("; "))
    named = [
        o.name if o.name == wire_name(o.type) else f"{o.name} {wire_name(o.type)}"
        for o in spec.outputs
    ]
    assert ", ".join(named) == outputs
    assert spec.declaration.output == (outputs == "")


def test_limits_and_choices() -> None:
    sampler = REGISTRY.nodes["KSampler"]
    seed, name = sampler.input("seed"), sampler.input("sampler_name")
    assert seed is not None and seed.constraint(Range) == Range(0, 2**64 - 1, step=1)
    assert name is not None
    assert {"euler", "euler_ancestral", "heun", "dpm_2", "dpm_2_ancestral", "lms", "dpmpp_2m",
            "dpmpp_2s_ancestral", "dpmpp_sde", "dpmpp_2m_sde", "dpmpp_3m_sde", "ddim", "ddpm",
            "lcm", "uni_pc", "uni_pc_bh2"} <= set(name.constraint(Choices).values)  # fmt: skip
    from nodeflow.diffusion.samplers.registry import SAMPLERS
    from nodeflow.diffusion.schedule.schedulers import SCHEDULERS

    assert set(name.constraint(Choices).values) == set(SAMPLERS)
    scheduler = sampler.input("scheduler")
    assert scheduler is not None
    assert set(scheduler.constraint(Choices).values) == set(SCHEDULERS)


def test_every_built_in_is_listed_or_known() -> None:
    assert set(INTERFACE) <= set(REGISTRY.nodes)
