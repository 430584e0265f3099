"""The embedded GLIGEN puts subjects into boxes."""

from torch import Tensor

from nodeflow.node.context import RunContext
from tests.nodes.test_behaviour import call
from tests.workflows.test_t2i_adapter import covered

SIDE, FREE = 72, 56
CORNERS = [(0, 0), (FREE, 0), (0, FREE), (FREE, FREE)]


def share(mask: Tensor, x: int, y: int) -> float:
    """How much of what is covered lies in a box at a corner."""
    return float(mask[y : y + SIDE, x : x + SIDE].sum() / mask.sum())


def test_subjects_lie_in_their_boxes() -> None:
    context = RunContext()
    model, clip, vae = call("CheckpointLoaderSimple", "tiny-emoji", context)
    gligen = call("GLIGENLoader", "tiny-gligen", context)
    empty = call("CLIPTextEncode", "", clip, context)
    latent = call("EmptyLatentImage", 128, 128, 1)

    def mask_of(prompt: object) -> Tensor:
        sampled = call(
            "KSampler", model, prompt, empty, latent, context, 5, 12, 2.0, "dpmpp_2m", "karras", 1.0
        )
        return covered(call("VAEDecode", sampled, vae, context))[0]

    shares = []
    for subject, ground in (("an orange", "blue"), ("a penguin", "yellow"), ("a house", "purple")):
        prompt = call("CLIPTextEncode", f"{subject} on a {ground} background", clip, context)
        plain = mask_of(prompt)
        assert max(share(plain, *corner) for corner in CORNERS) < 0.5
        for corner in CORNERS:
            boxed = call(
                "GLIGENTextBoxApply", prompt, clip, gligen, subject, context, SIDE, SIDE, *corner
            )
            mask = mask_of(boxed)
            assert mask.sum() > 0.25 * SIDE**2
            shares.append(share(mask, *corner))
    assert min(shares) > 0.8, shares
    assert sum(shares) / len(shares) > 0.92, shares
