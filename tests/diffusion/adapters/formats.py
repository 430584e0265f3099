"""Names and shapes of adapter files of every trainer, for modules of given weight shapes.

From what LyCORIS, sd-scripts and PEFT save; independent of our reader.
"""

from collections.abc import Callable
from math import gcd, prod

import torch
from diffusers import UNet2DConditionModel

from tests.diffusion.published import LdmUNet, Shapes, ldm_unet

RANK = 4
Suffixes = Callable[[tuple[int, ...]], Shapes]


def lora(shape: tuple[int, ...]) -> Shapes:
    """LoRA, and LoCon for kernels."""
    out, into, *kernel = shape
    return {
        ".lora_up.weight": (out, RANK, *[1] * len(kernel)),
        ".lora_down.weight": (RANK, into, *kernel),
        ".alpha": (),
    }


def tucker_lora(shape: tuple[int, ...]) -> Shapes:
    """LoCon in three parts; linear layers in two."""
    out, into, *kernel = shape
    if not kernel:
        return lora(shape)
    return {
        ".lora_up.weight": (out, RANK, 1, 1),
        ".lora_mid.weight": (RANK, RANK, *kernel),
        ".lora_down.weight": (RANK, into, 1, 1),
        ".alpha": (),
    }


def loha(shape: tuple[int, ...]) -> Shapes:
    """Hadamard products of two pairs."""
    out, rest = shape[0], prod(shape[1:])
    pairs = {f".hada_w{n}_a": (out, RANK) for n in (1, 2)}
    return pairs | {f".hada_w{n}_b": (RANK, rest) for n in (1, 2)} | {".alpha": ()}


def tucker_loha(shape: tuple[int, ...]) -> Shapes:
    """The same with cores for kernels."""
    out, into, *kernel = shape
    if not kernel:
        return loha(shape)
    pairs = {f".hada_w{n}_a": (RANK, out) for n in (1, 2)}
    pairs |= {f".hada_w{n}_b": (RANK, into) for n in (1, 2)}
    return pairs | {f".hada_t{n}": (RANK, RANK, *kernel) for n in (1, 2)} | {".alpha": ()}


def lokr(shape: tuple[int, ...]) -> Shapes:
    """A Kronecker product with a second factor of low rank."""
    out, into, *kernel = shape
    one, two = gcd(8, out), gcd(8, into)
    return {
        ".lokr_w1": (one, two),
        ".lokr_w2_a": (out // one, RANK),
        ".lokr_w2_b": (RANK, into // two * prod(kernel)),
        ".alpha": (),
    }


def whole_lokr(shape: tuple[int, ...]) -> Shapes:
    """Both factors whole."""
    out, into, *kernel = shape
    one, two = gcd(8, out), gcd(8, into)
    return {".lokr_w1": (one, two), ".lokr_w2": (out // one, into // two, *kernel), ".alpha": ()}


def half_lokr(shape: tuple[int, ...]) -> Shapes:
    """A first factor of low rank with a whole second one."""
    out, into, *kernel = shape
    one, two = gcd(8, out), gcd(8, into)
    first = {".lokr_w1_a": (one, RANK), ".lokr_w1_b": (RANK, two), ".alpha": ()}
    return {**first, ".lokr_w2": (out // one, into // two, *kernel)}


def tucker_lokr(shape: tuple[int, ...]) -> Shapes:
    """Both factors of low rank, the second with a core for kernels."""
    out, into, *kernel = shape
    one, two = gcd(8, out), gcd(8, into)
    first = {".lokr_w1_a": (one, RANK), ".lokr_w1_b": (RANK, two), ".alpha": ()}
    if not kernel:
        second = {".lokr_w2_a": (out // one, RANK), ".lokr_w2_b": (RANK, into // two)}
    else:
        second = {".lokr_w2_a": (RANK, out // one), ".lokr_w2_b": (RANK, into // two),
                  ".lokr_t2": (RANK, RANK, *kernel)}  # fmt: skip
    return {**first, **second}


def oft(shape: tuple[int, ...]) -> Shapes:
    """Rotations of blocks of output channels."""
    return {".oft_blocks": (shape[0] // 4, 4, 4), ".alpha": ()}


def rescaled_oft(shape: tuple[int, ...]) -> Shapes:
    """The same with a factor for each output channel."""
    return {**oft(shape), ".rescale": (shape[0], *[1] * (len(shape) - 1))}


def boft(shape: tuple[int, ...]) -> Shapes:
    """Products of them."""
    size = 2 * (shape[0] // gcd(shape[0], 64) or 1)
    factors = (shape[0] // size).bit_length()
    rescale = (shape[0], *[1] * (len(shape) - 1))
    return {".oft_blocks": (factors, shape[0] // size, size, size), ".rescale": rescale,
            ".alpha": ()}  # fmt: skip


def dora(shape: tuple[int, ...]) -> Shapes:
    """LoRA with a magnitude for each output channel."""
    return {**lora(shape), ".dora_scale": (shape[0], *[1] * (len(shape) - 1))}


def first_dora(shape: tuple[int, ...]) -> Shapes:
    """LoRA with a magnitude for each input channel."""
    return {**lora(shape), ".dora_scale": (1, shape[1], *[1] * (len(shape) - 2))}


def diff(shape: tuple[int, ...]) -> Shapes:
    """The whole difference."""
    return {".diff": shape}


def peft(shape: tuple[int, ...]) -> Shapes:
    """PEFT's LoRA."""
    return {n.replace("lora_up", "lora_B").replace("lora_down", "lora_A"): s
            for n, s in lora(shape).items() if n != ".alpha"}  # fmt: skip


def peft_dora(shape: tuple[int, ...]) -> Shapes:
    """PEFT's DoRA."""
    kernels = [1] * (len(shape) - 2)
    size = (1, shape[0], *kernels) if kernels else (shape[0],)
    return {**peft(shape), ".lora_magnitude_vector.weight": size}


def diffusers_lora(shape: tuple[int, ...]) -> Shapes:
    """diffusers' LoRA before PEFT."""
    return {n.replace(".lora_", ".lora."): s for n, s in lora(shape).items() if n != ".alpha"}


FLAT: dict[str, Suffixes] = {
    "LoRA": lora, "LoRA, Tucker": tucker_lora, "LoHa": loha, "LoHa, Tucker": tucker_loha,
    "LoKr": lokr, "LoKr, whole": whole_lokr, "LoKr, half": half_lokr, "LoKr, Tucker": tucker_lokr,
    "OFT": oft, "OFT, rescaled": rescaled_oft, "BOFT": boft,
    "DoRA": dora, "DoRA of inputs": first_dora, "diff": diff,
}  # fmt: skip
"""Formats whose names are paths with underscores behind a prefix."""
DOTTED: dict[str, Suffixes] = {
    "PEFT": peft, "PEFT DoRA": peft_dora, "PEFT LoHa": loha, "PEFT LoKr": lokr,
    "diffusers": diffusers_lora,
}  # fmt: skip
"""Formats whose names keep the dots."""


def diffusers_modules(unet: UNet2DConditionModel, norms: bool = False) -> Shapes:
    """Weights of diffusers' linear layers and convolutions, or of its norms, by module."""
    kinds = (
        (torch.nn.GroupNorm, torch.nn.LayerNorm) if norms else (torch.nn.Linear, torch.nn.Conv2d)
    )
    return {n: tuple(m.weight.shape) for n, m in unet.named_modules() if isinstance(m, kinds)}


def ldm_modules(unet: LdmUNet) -> Shapes:
    """The same of a single file; norms have one dimension."""
    return {
        name.removesuffix(".weight"): shape
        for name, shape in ldm_unet(unet).items()
        if name.endswith(".weight") and len(shape) > 1
    }


def flat(prefix: str, modules: Shapes, suffixes: Suffixes) -> Shapes:
    """A file with underscores."""
    return {
        prefix + name.replace(".", "_") + end: shape
        for name, weight in modules.items()
        for end, shape in suffixes(weight).items()
    }


def dotted(prefix: str, modules: Shapes, suffixes: Suffixes) -> Shapes:
    """A file with dots."""
    return {
        prefix + name + end: shape
        for name, weight in modules.items()
        for end, shape in suffixes(weight).items()
    }
