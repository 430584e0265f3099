"""Latents, and what makes and reads them."""

NODES: dict[str, tuple[str, str]] = {
    "VAEDecode": ("samples LATENT; vae VAE", "IMAGE"),
    "EmptyLatentImage": ("width INT=512; height INT=512; batch_size INT=1", "LATENT"),
    "VAEEncode": ("pixels IMAGE; vae VAE", "LATENT"),
    "VAEEncodeForInpaint": ("pixels IMAGE; vae VAE; mask MASK; grow_mask_by INT=6", "LATENT"),
    "LatentUpscale": (
        "samples LATENT; upscale_method COMBO=nearest-exact; width INT=512; height INT=512; "
        "crop COMBO=disabled",
        "LATENT",
    ),
    "LatentUpscaleBy": (
        "samples LATENT; upscale_method COMBO=nearest-exact; scale_by FLOAT=1.5", "LATENT",
    ),
    "SetLatentNoiseMask": ("samples LATENT; mask MASK", "LATENT"),
    "SaveLatent": ("samples LATENT; filename_prefix STRING=latents/nodeflow", ""),
    "LoadLatent": ("latent STRING", "LATENT"),
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
}  # fmt: skip
