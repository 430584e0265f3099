"""CLIP's text transformer (arXiv 2103.00020), with transformers' parameter names."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.text.config import Activation, TextConfig


def activate(x: Tensor, activation: Activation) -> Tensor:
    """GELU, or the sigmoid approximation that OpenAI's CLIP was trained with."""
    return x * torch.sigmoid(1.702 * x) if activation == "quick_gelu" else F.gelu(x)


class SelfAttention(nn.Module):
    """Causal multi-head self-attention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        q, k, v = (
            proj(x).view(batch, tokens, self.heads, -1).transpose(1, 2)
            for proj in (self.q_proj, self.k_proj, self.v_proj)
        )
        h = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        out: Tensor = self.out_proj(h.transpose(1, 2).reshape(batch, tokens, width))
        return out


class Mlp(nn.Module):
    """Two linear layers around the activation."""

    def __init__(self, width: int, inner: int, activation: Activation) -> None:
        super().__init__()
        self.activation = activation
        self.fc1 = nn.Linear(width, inner)
        self.fc2 = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc2(activate(self.fc1(x), self.activation))
        return out


class Layer(nn.Module):
    """Attention and MLP, each behind a LayerNorm, on a residual path."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.self_attn = SelfAttention(config.width, config.heads)
        self.layer_norm1 = nn.LayerNorm(config.width)
        self.mlp = Mlp(config.width, config.inner, config.activation)
        self.layer_norm2 = nn.LayerNorm(config.width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn(self.layer_norm1(x))
        out: Tensor = x + self.mlp(self.layer_norm2(x))
        return out


def embedding(count: int, width: int) -> nn.Embedding:
    """A table of normal values; none are drawn on the meta device.

    There, drawing them makes torch import its compiler, which takes longer than a picture.
    """
    weight = torch.empty(count, width)
    if not weight.is_meta:
        nn.init.normal_(weight)
    table: nn.Embedding = nn.Embedding.from_pretrained(weight, freeze=False)  # type: ignore[no-untyped-call]
    return table


class Embeddings(nn.Module):
    """Token and position embeddings."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.token_embedding = embedding(config.vocabulary, config.width)
        self.position_embedding = embedding(config.positions, config.width)

    def forward(self, tokens: Tensor, added: Tensor | None = None) -> Tensor:
        known = self.token_embedding.num_embeddings
        out: Tensor = self.token_embedding(tokens.clamp(max=known - 1))
        if added is not None:
            extra = tokens >= known
            out = out.masked_scatter(extra[..., None], added.to(out)[tokens[extra] - known])
        return out + self.position_embedding.weight[: tokens.shape[1]]


class Encoder(nn.Module):
    """The stack of layers."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))


class TextModel(nn.Module):
    """Embeddings, layers, final norm: the part that files name `text_model`."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config)
        self.final_layer_norm = nn.LayerNorm(config.width)


class ClipTextTransformer(nn.Module):
    """Token ids to hidden states."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        self.text_model = TextModel(config)
        self.text_projection = (
            None
            if config.projection is None
            else nn.Linear(config.width, config.projection, bias=False)
        )

    def forward(
        self,
        tokens: Tensor,
        layer: int = -1,
        final_norm: bool = True,
        added: Tensor | None = None,
    ) -> Tensor:
        """Hidden states `[batch, tokens, width]` after the layer counted from the end.

        `tokens`: int64 `[batch, tokens]`. `layer` -1 is the last, -2 the one before (clip
        skip 2). added: `[k, width]`, what the first ids behind the vocabulary stand for.
        Raises ValueError where the encoder has no such layer.
        """
        layers = self.text_model.encoder.layers
        count = len(layers) + self.config.trimmed + 1 + layer
        if not 1 <= count <= len(layers):
            raise ValueError(f"layer {layer} of a text encoder with {len(layers)} layers")
        x: Tensor = self.text_model.embeddings(tokens, added)
        for block in layers[:count]:
            x = block(x)
        if final_norm:
            x = self.text_model.final_layer_norm(x)
        return x

    def pooled(self, last: Tensor, tokens: Tensor, end: int = 49407) -> Tensor:
        """The (projected) state at the first end token. `last` is normed, of the last layer."""
        state = self.end_state(last, tokens, end)
        return state if self.text_projection is None else self.text_projection(state)

    def end_state(self, last: Tensor, tokens: Tensor, end: int = 49407) -> Tensor:
        """The state at the first end token, as it is."""
        where = (tokens == end).int().argmax(dim=1)
        return last[torch.arange(len(last), device=last.device), where]
