"""LoRA files named in a prompt: how tags are read, and that they are the loader's LoRAs."""

import pytest

from nodeflow.diffusion.prompting.lora_tags import LoraTag, LoraTagError, lora_tags
from nodeflow.node.context import RunContext
from tests.nodes.test_behaviour import NODES, call

CONTEXT = RunContext()


def test_tags_are_read_as_a1111_does() -> None:
    text = "<lora:a>a cat<lora:b:0.5><lora:c:0.5:-0.25><lora:d:unet=0.2:te=2>"
    found = (LoraTag("a", 1, 1), LoraTag("b", 0.5, 0.5), LoraTag("c", -0.25, 0.5))
    assert lora_tags(text) == ("a cat", (*found, LoraTag("d", 0.2, 2)))


@pytest.mark.parametrize(
    "tag", ["<lora:>", "<lora:a:x>", "<lora:a:1:2:3>", "<lora:a:up=1>", "<lora:a:nan>"]
)
def test_a_wrong_tag_is_said(tag: str) -> None:
    with pytest.raises(LoraTagError, match="<lora:"):
        lora_tags(tag)
    validate = NODES["LoraTags"].declaration.validate
    assert validate is not None
    (problem,) = validate({"text": tag}, CONTEXT.folders)
    assert problem.input == "text" and tag in problem.message


def test_a_tag_is_the_loaders_lora() -> None:
    model, clip, _ = call("CheckpointLoaderSimple", "tiny-emoji", CONTEXT)
    tagged = call("LoraTags", model, clip, "an apple <lora:tiny-flat:0.5>", CONTEXT)
    loaded = call("LoraLoader", model, clip, "tiny-flat", CONTEXT, 0.5, 0.5)
    assert tagged == (*loaded, "an apple") and model != tagged.MODEL
    assert call("LoraTags", model, clip, "an apple <lora:tiny-flat:0>", CONTEXT)[:2] == (
        model,
        clip,
    )
    declaration = NODES["LoraTags"].declaration
    assert declaration.validate is not None and declaration.depends is not None
    literals = {"text": "<lora:tiny-flot>"}
    (problem,) = declaration.validate(literals, CONTEXT.folders)
    assert "tiny-flat" in problem.nearest
    assert not list(declaration.validate({"text": "<lora:tiny-flat>"}, CONTEXT.folders))
    keys = [
        list(declaration.depends({"text": t}, CONTEXT.folders)) for t in ("", "<lora:tiny-flat>")
    ]
    assert keys[0] == [] and len(keys[1]) == 1
