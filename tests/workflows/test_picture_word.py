"""The embedded PhotoMaker: a word of a prompt means what a picture shows."""

import torch
from torch import Tensor

from tests.nodes.test_behaviour import call
from tests.workflows.test_picture_prompt import CONTEXT, PROMPTS, drawn, grounds, parts

GROUND = "on a purple background"
PURPLE = torch.tensor([115, 55, 170]) / 255


def test_the_word_is_what_the_picture_shows() -> None:
    model, clip, _, _ = parts()
    told = call("CLIPTextEncodeBatch", "\n".join(PROMPTS), clip, CONTEXT)
    shown = drawn(model, told, len(PROMPTS), seed=3)
    photomaker = call("PhotoMakerLoader", "tiny-photomaker", CONTEXT)

    def meant(text: str) -> Tensor:
        words = [
            call("PhotoMakerEncode", photomaker, picture[None], clip, text, CONTEXT)
            for picture in shown
        ]
        return torch.cat([drawn(model, word, 1, seed=4) for word in words])

    names = [f"{prompt.split(' on ')[0]} {GROUND}" for prompt in PROMPTS]
    named = torch.cat(
        [drawn(model, call("CLIPTextEncode", name, clip, CONTEXT), 1, seed=4) for name in names]
    )
    made, without = meant(f"a thing photomaker {GROUND}"), meant(f"a thing {GROUND}")

    def off(pictures: Tensor) -> Tensor:
        """Mean square of each picture's difference from each that was drawn by a name."""
        return (pictures[:, None] - named[None]).square().mean((2, 3, 4))

    assert off(made).argmin(1).tolist() == list(range(len(PROMPTS)))
    left = off(made).diagonal() / off(without).diagonal()
    assert float(left.max()) < 0.65, left
    assert float(left.mean()) < 0.45, left
    assert (grounds(made) - PURPLE).abs().max() < 0.2
    assert torch.equal(without[0], without[1])
