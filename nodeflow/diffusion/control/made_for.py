"""The models that a network which steers is for, by its header alone."""

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.control.config import AdapterConfig
from nodeflow.diffusion.control.files import ControlFile, ControlKind
from nodeflow.diffusion.control.t2i_files import adapter_config
from nodeflow.diffusion.unet.config import UNetConfig

PUBLISHED = AdapterConfig().widths
NARROW, WIDE = (768, 1024), (2048,)
"""Widths of the text of the models that adapters of published widths are for."""
KEYS = "attn2.to_k."


def texts_of(file: ControlFile) -> tuple[int, ...]:
    """Widths of the text that its models read, one of which a model must have.

    Empty where the header does not say: of a T2I adapter of other widths than the published.
    Raises CheckpointError for an adapter of unknown sizes.
    """
    if file.config is not None:
        return (file.config.unet.context_width,)
    if file.kind is ControlKind.ADAPTER:
        config = adapter_config(file.header)
        return () if config.widths != PUBLISHED else WIDE if config.wide else NARROW
    for name, info in file.header.tensors.items():
        if name.endswith((f"{KEYS}down", f"{KEYS}weight")):
            return (info.shape[1],)
    return ()


def check_control(file: ControlFile, own: UNetConfig) -> None:
    """Raise CheckpointError where a file is for models of another family than the one of `own`."""
    texts = texts_of(file)
    if texts and own.context_width not in texts:
        raise CheckpointError(foreign_text(file.path.name, texts, own.context_width))
    widths = None if file.config is None else file.config.unet.block_out_channels
    if widths is not None and widths != own.block_out_channels:
        raise CheckpointError(
            f"'{file.path.name}' is for models of the widths {list(widths)}, and this one's are "
            f"{list(own.block_out_channels)}: it was made for another family of models"
        )


def foreign_text(name: str, texts: tuple[int, ...], own: int) -> str:
    """What is wrong with a file whose models read other text."""
    wanted = " or ".join(f"{width:,}" for width in texts)
    return (
        f"'{name}' is for models that read text {wanted} numbers wide, and this one reads "
        f"{own:,}: it was made for another family of models"
    )
