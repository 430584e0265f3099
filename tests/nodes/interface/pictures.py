"""Pictures and masks."""

NODES: dict[str, tuple[str, str]] = {
    "SaveImage": ("images IMAGE; filename_prefix STRING=nodeflow", ""),
    "SaveAnimatedWEBP": (
        "images IMAGE; filename_prefix STRING=nodeflow; fps FLOAT=6.0; lossless BOOLEAN=True; "
        "quality INT=80; method COMBO=default",
        "",
    ),
    "PreviewImage": ("images IMAGE", ""),
    "LoadImage": ("image STRING", "IMAGE, MASK"),
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
    "GetImageSize": ("image IMAGE", "width INT, height INT, batch_size INT"),
}  # fmt: skip
