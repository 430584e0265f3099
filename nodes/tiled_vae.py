"""Pictures too large for the autoencoder, tile by tile."""

from typing import Annotated

from nodeflow.node import Range, RunContext, node
from nodeflow.values import Image, Latent, Vae, foreseen

TileSize = Annotated[int, Range(64, 4096, step=32)]
Overlap = Annotated[int, Range(0, 4096, step=32)]
Frames = Annotated[int, Range(4, 4096, step=4)]


@node(
    "VAEDecodeTiled",
    category="latent",
    display_name="VAE Decode (Tiled)",
    lane="device",
    infer=foreseen.decoded,
)
def vae_decode_tiled(
    samples: Latent,
    vae: Vae,
    context: RunContext,
    tile_size: TileSize = 512,
    overlap: Overlap = 64,
    temporal_size: Annotated[int, Range(8, 4096, step=4)] = 64,
    temporal_overlap: Frames = 8,
) -> Image:
    """A latent as a picture, tile by tile, so that memory stays bounded.

    Args:
        samples: the latent.
        vae: the autoencoder.
        tile_size: side of the tiles in pixels.
        overlap: pixels in which tiles are blended; at most a quarter of a tile.
        temporal_size: of no effect on pictures; video models use it.
        temporal_overlap: of no effect on pictures; video models use it.
    """
    import torch

    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.vae.codec import decode_latent
    from nodeflow.imaging.tiles import apply_tiled

    model = context.resources.get(*residency_of(context.device)).vae(vae, "decoder")
    shared = min(overlap, tile_size // 4) // 8
    pictures = [
        apply_tiled(
            item,
            lambda part: decode_latent(model, part).movedim(-1, 1),
            tile_size // 8,
            shared,
            context.progress,
        )
        for item in torch.split(samples.samples, 1)
    ]
    return torch.cat(pictures).movedim(1, -1)


@node(
    "VAEEncodeTiled",
    category="latent",
    display_name="VAE Encode (Tiled)",
    lane="device",
    infer=foreseen.encoded(),
)
def vae_encode_tiled(
    pixels: Image,
    vae: Vae,
    context: RunContext,
    tile_size: TileSize = 512,
    overlap: Overlap = 64,
    temporal_size: Annotated[int, Range(8, 4096, step=4)] = 64,
    temporal_overlap: Frames = 8,
) -> Latent:
    """A picture as a latent, tile by tile, so that memory stays bounded.

    Args:
        pixels: the picture; cropped to multiples of 8 in the centre.
        vae: the autoencoder.
        tile_size: side of the tiles in pixels.
        overlap: pixels in which tiles are blended; at most a quarter of a tile.
        temporal_size: of no effect on pictures; video models use it.
        temporal_overlap: of no effect on pictures; video models use it.
    """
    import torch

    from nodeflow.diffusion import latent
    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.vae.codec import crop_to_cells, encode_image
    from nodeflow.imaging.tiles import apply_tiled

    model = context.resources.get(*residency_of(context.device)).vae(vae, "encoder")
    shared = min(overlap, tile_size // 4) // 8 * 8
    planes = crop_to_cells(pixels)[..., :3].movedim(-1, 1).contiguous()
    encoded = [
        apply_tiled(
            item,
            lambda part: encode_image(model, part.movedim(1, -1)),
            tile_size // 8 * 8,
            shared,
            context.progress,
        )
        for item in torch.split(planes, 1)
    ]
    return latent.Latent(torch.cat(encoded))
