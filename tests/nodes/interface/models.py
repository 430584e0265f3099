"""Models: loaded, changed, merged, trained, saved."""

NODES: dict[str, tuple[str, str]] = {
    "CheckpointLoaderSimple": ("ckpt_name STRING", "MODEL, CLIP, VAE"),
    "VAELoader": ("vae_name STRING", "VAE"),
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
    "ModelMergeSimple": ("model1 MODEL; model2 MODEL; ratio FLOAT=1.0", "MODEL"),
    "ModelMergeBlocks": (
        "model1 MODEL; model2 MODEL; input FLOAT=1.0; middle FLOAT=1.0; out FLOAT=1.0", "MODEL",
    ),
    "ModelMergeAdd": ("model1 MODEL; model2 MODEL", "MODEL"),
    "ModelMergeSubtract": ("model1 MODEL; model2 MODEL; multiplier FLOAT=1.0", "MODEL"),
    "CLIPMergeSimple": ("clip1 CLIP; clip2 CLIP; ratio FLOAT=1.0", "CLIP"),
    "CLIPMergeAdd": ("clip1 CLIP; clip2 CLIP", "CLIP"),
    "CLIPMergeSubtract": ("clip1 CLIP; clip2 CLIP; multiplier FLOAT=1.0", "CLIP"),
    "VAEMergeSimple": ("vae1 VAE; vae2 VAE; ratio FLOAT=1.0", "VAE"),
    "VAEMergeBlocks": ("vae1 VAE; vae2 VAE; encoder FLOAT=1.0; decoder FLOAT=1.0", "VAE"),
    "VAEMergeAdd": ("vae1 VAE; vae2 VAE", "VAE"),
    "VAEMergeSubtract": ("vae1 VAE; vae2 VAE; multiplier FLOAT=1.0", "VAE"),
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
    "TorchCompileModel": ("model MODEL; backend COMBO=inductor", "MODEL"),
    "TiledDiffusion": (
        "model MODEL; method COMBO=MultiDiffusion; tile_width INT=768; tile_height INT=768; "
        "tile_overlap INT=64; tile_batch_size INT=4",
        "MODEL",
    ),
    "LoraTags": ("model MODEL; clip CLIP; text STRING", "MODEL, CLIP, text STRING"),
    "LoraLoaderModelOnly": ("model MODEL; lora_name STRING; strength_model FLOAT=1.0", "MODEL"),
    "UpscaleModelLoader": ("model_name STRING", "UPSCALE_MODEL"),
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
    "PhotoMakerLoader": ("photomaker_model_name STRING", "PHOTOMAKER"),
    "ControlNetLoader": ("control_net_name STRING", "CONTROL_NET"),
    "DiffControlNetLoader": ("model MODEL; control_net_name STRING", "CONTROL_NET"),
}  # fmt: skip
