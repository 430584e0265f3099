"""What built-in nodes will give, from literals and file headers: sizes, families, what is amiss.

Each of these is the `infer` of node types (`nodeflow.node.infer`), or makes one. Where something
cannot be told, nothing is said: a file's own check reports what is wrong with it.
"""

from nodeflow.values.foreseen.adapters import (
    adapter,
    boxed,
    hypernetwork,
    lone_gligen,
    lone_ip_adapter,
    lone_photomaker,
    person,
    picture_prompt,
)
from nodeflow.values.foreseen.control import combined, lone_control, steered
from nodeflow.values.foreseen.files import (
    checkpoint,
    lone_model,
    lone_text,
    lone_vae,
    lone_vision,
    passed,
    seen,
    text,
)
from nodeflow.values.foreseen.hooks import created, hooked, joined
from nodeflow.values.foreseen.mixtures import mixed
from nodeflow.values.foreseen.pictures import (
    decoded,
    empty_latent,
    encoded,
    masked,
    resized,
    with_picture,
)
from nodeflow.values.foreseen.sampling import network_calls, sampling

__all__ = [
    "adapter",
    "boxed",
    "checkpoint",
    "combined",
    "created",
    "decoded",
    "empty_latent",
    "encoded",
    "hooked",
    "hypernetwork",
    "joined",
    "lone_control",
    "lone_gligen",
    "lone_ip_adapter",
    "lone_model",
    "lone_photomaker",
    "lone_text",
    "lone_vae",
    "lone_vision",
    "masked",
    "mixed",
    "network_calls",
    "passed",
    "person",
    "picture_prompt",
    "resized",
    "sampling",
    "seen",
    "steered",
    "text",
    "with_picture",
]
