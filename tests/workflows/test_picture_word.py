"""The embedded PhotoMaker: a word of a prompt means what a picture shows."""

import torch

from tests.nodes.test_behaviour import call
from tests.workflows.test_picture_prompt import CONTEXT, PROMPTS, drawn, grounds, parts, told_apart

PURPLE = torch.tensor([115, 55, 170]) / 255
SUBJECTS = tuple(prompt.split(" on ")[0] for prompt in PROMPTS)
THERE = tuple(f"{subject} on a purple background" for subject in SUBJECTS)


def test_the_word_is_what_the_picture_shows() -> None:
    model, clip, _, _ = parts()
    told = call("CLIPTextEncodeBatch", "\n".join(PROMPTS), clip, CONTEXT)
    shown = drawn(model, told, len(PROMPTS), seed=3)
    photomaker = call("PhotoMakerLoader", "tiny-photomaker", CONTEXT)

    def meant(text: str) -> torch.Tensor:
        words = [
            call("PhotoMakerEncode", photomaker, picture[None], clip, text, CONTEXT)
            for picture in shown
        ]
        return torch.cat([drawn(model, word, 1, seed=4) for word in words])

    own = torch.arange(len(PROMPTS))
    made = meant("a thing photomaker on a purple background")
    print(told_apart(made, THERE), (grounds(made)-PURPLE).abs().amax(1))
    assert int((told_apart(made, THERE) == own).sum()) >= 5
    assert (grounds(made) - PURPLE).abs().max() < 0.15
    without = meant("a thing on a purple background")
    assert torch.equal(without[0], without[1])
    assert int((told_apart(without, THERE) == own).sum()) <= 1
