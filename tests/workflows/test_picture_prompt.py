"""The embedded image encoder knows what it sees, and the IP-Adapter draws that without a word."""

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.gligen.text import box_text
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.vision.encode import encode_picture
from nodeflow.node.context import RunContext
from tests.nodes.test_behaviour import call

PROMPTS = (
    "a strawberry on a white background",
    "a penguin on a yellow background",
    "a cactus on a blue background",
    "a pizza on a green background",
    "a robot on a purple background",
    "a castle on a pink background",
)
CONTEXT = RunContext()


def parts() -> tuple[object, object, object, object]:
    """Model, text encoder, autoencoder and image encoder."""
    eyes = call("CLIPVisionLoader", "tiny-clip-vision", CONTEXT)
    return (*call("CheckpointLoaderSimple", "tiny-emoji", CONTEXT), eyes)


def drawn(model: object, prompt: object, count: int, seed: int) -> Tensor:
    """Pictures `[count, 128, 128, 3]`."""
    _, clip, vae, _ = parts()
    empty = call("CLIPTextEncode", "", clip, CONTEXT)
    latent = call("EmptyLatentImage", 128, 128, count)
    sampled = call(
        "KSampler", model, prompt, empty, latent, CONTEXT, seed, 12, 3.0, "dpmpp_2m", "karras", 1.0
    )
    pictures: Tensor = call("VAEDecode", sampled, vae, CONTEXT)
    return pictures


def told_apart(pictures: Tensor) -> Tensor:
    """For each picture, which of the prompts lies nearest to what the encoder sees in it."""
    _, clip, _, eyes = parts()
    residency = Residency()
    encoders = residency.text_encoders(clip)  # type: ignore[arg-type]
    words = F.normalize(torch.cat([box_text(encoders, text) for text in PROMPTS]), dim=-1)
    seen = encode_picture(residency.vision(eyes), pictures)  # type: ignore[arg-type]
    return (F.normalize(seen.embedding, dim=-1) @ words.T).argmax(1)


def grounds(pictures: Tensor) -> Tensor:
    """The colours of the corners, `[n, 3]`."""
    return pictures[:, [3, 3, -4, -4], [3, -4, 3, -4]].mean(1)


def test_subject_and_ground_come_from_the_picture() -> None:
    model, clip, _, eyes = parts()
    told = call("CLIPTextEncodeBatch", "\n".join(PROMPTS), clip, CONTEXT)
    shown = drawn(model, told, len(PROMPTS), seed=3)
    own = torch.arange(len(PROMPTS))
    assert int((told_apart(shown) == own).sum()) >= 5
    adapter = call("IPAdapterModelLoader", "tiny-ip-adapter", CONTEXT)
    empty = call("CLIPTextEncode", "", clip, CONTEXT)
    made = torch.cat(
        [
            drawn(
                call("IPAdapterApply", model, adapter, eyes, picture[None], CONTEXT, 1.0),
                empty, 1, seed=4,
            )
            for picture in shown
        ]
    )  # fmt: skip
    assert int((told_apart(made) == own).sum()) >= 5
    nearest = torch.cdist(grounds(made), grounds(shown)).argmin(1)
    assert int((nearest == own).sum()) >= 5
    without = drawn(model, empty, len(PROMPTS), seed=4)
    assert int((told_apart(without) == own).sum()) <= 3
