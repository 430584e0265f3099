"""The text of a box."""

import torch
from torch import Tensor

from nodeflow.diffusion.text.encode import chunks_of
from nodeflow.diffusion.text.encoders import TextEncoders
from nodeflow.diffusion.text.tokenizer import load_tokenizer
from nodeflow.diffusion.text.towers import reading


def box_text(encoders: TextEncoders, text: str) -> Tensor:
    """A text's normed last state at its end, float32 `[1, width]`, on the CPU; not projected.

    Of several encoders the last. Weights count for nothing, and what does not fit into 75 tokens is
    left out.
    """
    tower, encoder = list(encoders.towers.items())[-1]
    chunk = chunks_of(text, reading(encoders.family, tower).pad, load_tokenizer())[0]
    tokens = torch.tensor([chunk.ids], device=next(encoder.parameters()).device)
    with torch.no_grad():
        return encoder.end_state(encoder(tokens), tokens).float().cpu()
