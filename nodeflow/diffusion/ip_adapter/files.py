"""IP-Adapters in files: which kind, which sizes, for which models; headers alone are read.

`image_proj.…` makes tokens of what the image encoder sees; `ip_adapter.N.to_k_ip.weight` and
`to_v_ip` look at them, N the number of an attention in diffusers' order, of which every second is
over the text. Pickled files hold the same in two mappings of those names.
"""

from dataclasses import dataclass
from pathlib import Path

from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, read_header
from nodeflow.diffusion.checkpoint.shapes import numbered, shape
from nodeflow.diffusion.ip_adapter.config import IPAdapterConfig, Projection, ResamplerConfig

HEAD = 64
"""Width of a head of the resampler's attention."""
P = "image_proj."


@dataclass(frozen=True)
class IPAdapterFile:
    """A file with its sizes."""

    path: Path
    header: Header
    config: IPAdapterConfig


def read_ip_adapter(path: Path) -> IPAdapterFile:
    """Recognise a file. Raises CheckpointError saying what was found."""
    header = read_header(path)
    names = header.tensors
    if not any(name.startswith("ip_adapter.") for name in names):
        example = next(iter(names), "nothing at all")
        raise CheckpointError(f"it is no IP-Adapter (it holds '{example}' …)")
    layers = layer_widths(header)
    context = shape(header, "ip_adapter.1.to_k_ip.weight", 2)[1]
    if f"{P}latents" in names:
        return IPAdapterFile(path, header, resampling(header, context, layers))
    if f"{P}proj.3.weight" in names:
        seen = shape(header, f"{P}proj.0.weight", 2)[1]
        config = IPAdapterConfig(Projection.FULL, seen, 1, context, layers)
        return IPAdapterFile(path, header, config)
    if f"{P}proj.weight" in names:
        made, seen = shape(header, f"{P}proj.weight", 2)
        config = IPAdapterConfig(Projection.PLAIN, seen, made // context, context, layers)
        return IPAdapterFile(path, header, config)
    if f"{P}norm.weight" in names or f"{P}perceiver_resampler.proj_in.weight" in names:
        raise CheckpointError(
            "it is an IP-Adapter FaceID, which takes embeddings of InsightFace's face recognition; "
            "use a plain, plus, plus-face or full-face one, which take CLIP's"
        )
    raise CheckpointError("it is an IP-Adapter without an 'image_proj' that is known")


def layer_widths(header: Header) -> tuple[int, ...]:
    """The width of each attention that it is for, in order."""
    numbers = sorted(
        int(number)
        for name in header.tensors
        if name.startswith("ip_adapter.") and (number := name.split(".")[1]).isdecimal()
    )
    expected = list(range(1, 2 * len(set(numbers)), 2))
    if sorted(set(numbers)) != expected:
        raise CheckpointError(
            f"its layers are numbered {sorted(set(numbers))[:4]} …, expected {expected[:4]} …"
        )
    return tuple(shape(header, f"ip_adapter.{n}.to_k_ip.weight", 2)[0] for n in expected)


def resampling(header: Header, context: int, layers: tuple[int, ...]) -> IPAdapterConfig:
    """Sizes of a "plus" file."""
    _, queries, width = shape(header, f"{P}latents", 3)
    depth = numbered(header, f"{P}layers.")
    inner = shape(header, f"{P}layers.0.0.to_q.weight", 2)[0]
    hidden = shape(header, f"{P}layers.0.1.1.weight", 2)[0]
    if inner % HEAD:
        raise CheckpointError(f"its resampler's attention is {inner} wide, no multiple of {HEAD}")
    seen = shape(header, f"{P}proj_in.weight", 2)[1]
    resampler = ResamplerConfig(width, inner, hidden, depth, queries)
    return IPAdapterConfig(Projection.RESAMPLER, seen, queries, context, layers, resampler)
