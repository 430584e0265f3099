"""Adapters trained, taken out of models, saved and put to use."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Literal, NamedTuple

from nodeflow.imaging.prefix import sound_prefix
from nodeflow.node import (
    Artifacts,
    Folders,
    InputProblem,
    ModelFile,
    Range,
    RunContext,
    Seed,
    node,
)
from nodeflow.values import Clip, Conditioning, Latent, LoraModel, LossMap, Model

NO_LORA = "[None]"


class Trained(NamedTuple):
    model_with_lora: Model
    lora: LoraModel
    loss: LossMap
    steps: int


def readable_start(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The adapter to go on with must be sound."""
    from nodeflow.diffusion.adapters.grouping import check_adapter
    from nodeflow.diffusion.checkpoint.header import CheckpointError

    name = str(literals.get("existing_lora", NO_LORA))
    if name == NO_LORA:
        return
    try:
        check_adapter(folders.find_model("loras", name))
    except CheckpointError as error:
        message = f"'{name}' cannot be used: {error}"
        yield InputProblem("existing_lora", message, "an adapter in safetensors")


@node("TrainLoraNode", category="training", display_name="Train LoRA", validate=readable_start)
def train_lora(
    model: Model,
    latents: Latent,
    positive: Conditioning,
    context: RunContext,
    batch_size: Annotated[int, Range(1, 10_000)] = 1,
    grad_accumulation_steps: Annotated[int, Range(1, 1024)] = 1,
    steps: Annotated[int, Range(1, 100_000)] = 16,
    learning_rate: Annotated[float, Range(0.0000001, 1.0, step=0.0000001)] = 0.0005,
    rank: Annotated[int, Range(1, 128)] = 8,
    optimizer: Literal["AdamW", "Adam", "SGD", "RMSprop"] = "AdamW",
    loss_function: Literal["MSE", "L1", "Huber", "SmoothL1"] = "MSE",
    seed: Annotated[int, Range(0, 2**64 - 1, step=1), Seed()] = 0,
    training_dtype: Literal["bf16", "fp32"] = "bf16",
    lora_dtype: Literal["bf16", "fp32"] = "bf16",
    algorithm: Literal["LoRA", "LoHa", "LoKr", "OFT"] = "LoRA",
    gradient_checkpointing: bool = True,
    existing_lora: Annotated[str, ModelFile("loras", besides=(NO_LORA,))] = NO_LORA,
) -> Trained:
    """Teach a model what latents show, as a small adapter beside its weights.

    Args:
        model: the model; its weights stay as they are.
        latents: what is to be learnt.
        positive: their prompt, or one for each.
        batch_size: examples a step.
        grad_accumulation_steps: batches whose gradients are added up before a step.
        steps: how many.
        learning_rate: the optimizer's.
        rank: size of the adapter; for OFT the size of its blocks.
        optimizer: with its usual settings.
        loss_function: distance of what the network says from what it should say.
        seed: of the adapter's first numbers, the noise and the order.
        training_dtype: what the network computes in meanwhile.
        lora_dtype: what the adapter is stored in.
        algorithm: the adapter's formula.
        gradient_checkpointing: less memory, a third more time.
        existing_lora: an adapter to go on with; its own rank and formula count then.
    """
    import torch

    from nodeflow.diffusion.adapters.held import HeldAdapterPatch, held
    from nodeflow.diffusion.checkpoint.header import read_header
    from nodeflow.diffusion.checkpoint.reader import WeightsReader
    from nodeflow.diffusion.training.adapter import AdapterTraining
    from nodeflow.diffusion.training.adapter_run import train_on
    from nodeflow.diffusion.training.adapter_start import Algorithm

    dtypes = {"bf16": torch.bfloat16, "fp32": torch.float32}
    start = None
    if existing_lora != NO_LORA:
        path = context.folders.find_model("loras", existing_lora)
        with WeightsReader(path) as reader:
            start = held({name: reader.read(name) for name in read_header(path).tensors})
    training = AdapterTraining(
        steps, batch_size, grad_accumulation_steps, learning_rate, rank, Algorithm(algorithm),
        optimizer, loss_function, seed, dtypes[training_dtype], gradient_checkpointing,
    )  # fmt: skip
    lora, losses = train_on(model, latents, positive, training, dtypes[lora_dtype], context, start)
    changed = replace(model, patches=(*model.patches, HeldAdapterPatch(lora, 1.0)))
    return Trained(changed, lora, tuple(losses), steps)


@node("LoraModelLoader", category="loaders", display_name="Load LoRA Model", store=False)
def lora_model_loader(
    model: Model,
    lora: LoraModel,
    strength_model: Annotated[float, Range(-100.0, 100.0, step=0.01)] = 1.0,
) -> Model:
    """A model changed by an adapter that was trained in this workflow.

    Args:
        model: the model.
        lora: the adapter.
        strength_model: how strongly; negative turns the change round, 0 changes nothing.
    """
    from nodeflow.diffusion.adapters.held import HeldAdapterPatch

    if strength_model == 0:
        return model
    return replace(model, patches=(*model.patches, HeldAdapterPatch(lora, strength_model)))


@node(
    "SaveLoRANode",
    category="loaders",
    display_name="Save LoRA Weights",
    output=True,
    validate=sound_prefix,
)
def save_lora(
    lora: LoraModel,
    context: RunContext,
    prefix: str = "loras/nodeflow_trained_lora",
    steps: int | None = None,
) -> Artifacts:
    """Write an adapter as a safetensors file.

    Args:
        lora: the adapter.
        prefix: start of the name, may hold folders.
        steps: how long it was trained, for the name.
    """
    from nodeflow.imaging.save_model import save_adapter

    named = prefix if steps is None else f"{prefix}_{steps}_steps"
    return save_adapter(lora.tensors, named, context)


@node(
    "LoraSave",
    category="advanced/model_merging",
    display_name="Extract and Save Lora",
    output=True,
    validate=sound_prefix,
)
def lora_save(
    context: RunContext,
    filename_prefix: str = "loras/nodeflow_extracted_lora",
    rank: Annotated[int, Range(1, 4096)] = 8,
    lora_type: Literal["standard", "full_diff"] = "standard",
    bias_diff: bool = True,
    model_diff: Model | None = None,
    text_encoder_diff: Clip | None = None,
) -> Artifacts:
    """Write the difference of two models as an adapter of which the one makes the other.

    Args:
        filename_prefix: start of the name, may hold folders.
        rank: of the two small matrices that stand for each weight.
        lora_type: small matrices, or the whole difference.
        bias_diff: whether biases and norms are kept too.
        model_diff: what ModelMergeSubtract gives.
        text_encoder_diff: what CLIPMergeSubtract gives.
    """
    from nodeflow.diffusion.adapters.extract import Extraction, extracted
    from nodeflow.imaging.save_model import save_adapter

    if model_diff is None and text_encoder_diff is None:
        raise ValueError("nothing to save: link model_diff or text_encoder_diff")
    tensors = extracted(
        model_diff, text_encoder_diff, rank, Extraction(lora_type), bias_diff, context
    )
    return save_adapter(tensors, filename_prefix, context)
