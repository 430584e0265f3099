"""Names of weights in OpenCLIP's towers (mlfoundations/open_clip) and in our modules.

There q, k and v are one matrix, and projections are written `x @ W`.
"""

from collections.abc import Container, Iterable

from nodeflow.diffusion.checkpoint.stored import Stored

_LAYER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
_THIRDS = {"self_attn.q_proj": 0, "self_attn.k_proj": 1, "self_attn.v_proj": 2}
_TEXT = {
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.final_layer_norm.weight": "ln_final.weight",
    "text_model.final_layer_norm.bias": "ln_final.bias",
}
_VISION = {
    "vision_model.embeddings.class_embedding": "class_embedding",
    "vision_model.embeddings.patch_embedding.weight": "conv1.weight",
    "vision_model.embeddings.position_embedding.weight": "positional_embedding",
    "vision_model.pre_layrnorm.weight": "ln_pre.weight",
    "vision_model.pre_layrnorm.bias": "ln_pre.bias",
    "vision_model.post_layernorm.weight": "ln_post.weight",
    "vision_model.post_layernorm.bias": "ln_post.bias",
}


def _in_layer(rest: str) -> Stored:
    number, inner = rest.split(".", 1)
    stem, kind = inner.rsplit(".", 1)
    block = f"transformer.resblocks.{number}."
    if stem in _THIRDS:
        return Stored(f"{block}attn.in_proj_{kind}", third=_THIRDS[stem])
    return Stored(f"{block}{_LAYER[stem]}.{kind}")


def _name(ours: str) -> Stored:
    for stem in ("text_model.encoder.layers.", "vision_model.encoder.layers."):
        if ours.startswith(stem):
            return _in_layer(ours.removeprefix(stem))
    if ours == "text_projection.weight":
        return Stored("text_projection", transposed=True)
    if ours == "visual_projection.weight":
        return Stored("proj", transposed=True)
    return Stored({**_TEXT, **_VISION}[ours])


def openclip_names(ours: Iterable[str], prefix: str, present: Container[str]) -> dict[str, Stored]:
    """Our name to the file's, for every weight of a text or image tower.

    Some tools write the text projection as a linear layer's weight.
    """
    names = {}
    for name in ours:
        stored = _name(name)
        if stored.transposed and f"{prefix}{stored.name}.weight" in present:
            stored = Stored(f"{stored.name}.weight")
        names[name] = Stored(prefix + stored.name, stored.third, stored.transposed)
    return names
