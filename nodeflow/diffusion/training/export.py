"""Trained weights as a Stable Diffusion single file, fp16 safetensors."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.ldm_keys import (
    TEXT_PREFIX,
    UNET_PREFIX,
    VAE_PREFIX,
    unet_key_map,
    vae_key_map,
)
from nodeflow.diffusion.checkpoint.write import write_tensors
from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.training.vocabulary import Vocabulary
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vae.model import AutoencoderKL

TOKEN_IDS = "text_model.embeddings.token_ids"


def single_file(
    unet: UNet2DConditionModel,
    vae: AutoencoderKL,
    text: ClipTextTransformer,
    vocabulary: Vocabulary,
    prediction: Prediction,
) -> dict[str, Tensor]:
    """All weights under their LDM names; the token table compact, with the ids of its rows."""
    tensors: dict[str, Tensor] = {}
    weights = unet.state_dict()
    for theirs, ours in unet_key_map(unet.config).items():
        tensors[UNET_PREFIX + theirs] = weights[ours].half()
    weights = vae.state_dict()
    for theirs, ours in vae_key_map(vae.config).items():
        value = weights[ours].half()
        is_projection = ".mid.attn_1." in theirs and value.dim() == 2
        tensors[VAE_PREFIX + theirs] = value[:, :, None, None] if is_projection else value
    for name, value in text.state_dict().items():
        tensors[TEXT_PREFIX + name] = value.half()
    tensors[TEXT_PREFIX + TOKEN_IDS] = torch.tensor(vocabulary.ids)
    if prediction is Prediction.V:
        tensors["v_pred"] = torch.zeros(0)
    return {name: value.contiguous() for name, value in tensors.items()}


def export(
    path: Path,
    unet: UNet2DConditionModel,
    vae: AutoencoderKL,
    text: ClipTextTransformer,
    vocabulary: Vocabulary,
    prediction: Prediction,
    known: Sequence[str],
) -> None:
    """Write the checkpoint; its metadata hold what shapes do not show, and what it knows."""
    metadata = {
        "nodeflow.unet": json.dumps(asdict(unet.config)),
        "nodeflow.vae": json.dumps(asdict(vae.config)),
        "nodeflow.text": json.dumps(asdict(text.config)),
        "nodeflow.subjects": json.dumps(list(known)),
        "nodeflow.licence": "Apache-2.0; trained on pictures under the MIT licence",
    }
    write_tensors(path, single_file(unet, vae, text, vocabulary, prediction), metadata)
