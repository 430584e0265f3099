"""Prompt nodes on the embedded model: languages, and a prompt for each image."""

from pathlib import Path

import pytest
import torch

from nodeflow.diffusion.latent import Latent
from nodeflow.node.context import RunContext
from nodeflow.node.folders import Folders, ModelRoot
from tests.nodes.test_behaviour import NODES, call

CONTEXT = RunContext()


@pytest.fixture(scope="module")
def loaded():  # type: ignore[no-untyped-def]
    """Model and text encoder."""
    return call("CheckpointLoaderSimple", "tiny-emoji", CONTEXT)[:2]


def test_a_prompt_for_each_image(loaded) -> None:  # type: ignore[no-untyped-def]
    model, clip = loaded
    both = call("CLIPTextEncodeBatch", "a red apple\n\na blue car", clip, CONTEXT)
    negative = call("CLIPTextEncode", "", clip, CONTEXT)
    batch = Latent(torch.zeros(3, 4, 8, 8))
    values = (3, 3, 4.0, "dpmpp_2m", "karras")
    found = call("KSampler", model, both, negative, batch, CONTEXT, *values).samples
    for number, text in enumerate(("a red apple", "a blue car", "a red apple")):
        picked = call("LatentFromBatch", batch, number, 1)
        one = call("CLIPTextEncode", text, clip, CONTEXT)
        alone = call("KSampler", model, one, negative, picked, CONTEXT, *values).samples
        assert torch.allclose(found[number], alone[0], atol=1e-3), number
        same = call("KSampler", model, both, negative, picked, CONTEXT, *values).samples
        assert torch.allclose(same, alone, atol=1e-4), number


def test_a_schedule_is_both_prompts_after_each_other(loaded) -> None:  # type: ignore[no-untyped-def]
    model, clip = loaded
    negative = call("CLIPTextEncode", "", clip, CONTEXT)
    latent = Latent(torch.zeros(1, 4, 8, 8))
    mixed = call("CLIPTextEncodeA1111", "[a red apple:a blue car:2]", clip, CONTEXT, 6)
    whole = call("KSampler", model, mixed, negative, latent, CONTEXT, 3, 6, 4.0, "euler", "normal")
    parts = [call("CLIPTextEncode", text, clip, CONTEXT) for text in ("a red apple", "a blue car")]
    half = call(
        "KSamplerAdvanced", model, parts[0], negative, latent, CONTEXT,
        "enable", 3, 6, 4.0, "euler", "normal", 0, 3, "enable",
    )  # fmt: skip
    rest = call(
        "KSamplerAdvanced", model, parts[1], negative, half, CONTEXT,
        "disable", 3, 6, 4.0, "euler", "normal", 3, 6, "disable",
    )  # fmt: skip
    assert torch.allclose(whole.samples, rest.samples, atol=1e-3)


def test_dynamic_prompts(tmp_path: Path) -> None:
    (tmp_path / "wildcards").mkdir()
    (tmp_path / "wildcards" / "colour.txt").write_text("red\nblue\n")
    folders = Folders(models=(ModelRoot.at(tmp_path),), input=tmp_path / "input")
    context = RunContext(folders=folders)
    found = {call("DynamicPrompt", "a __colour__ cat", context, seed) for seed in range(20)}
    assert found == {"a red cat", "a blue cat"}
    declaration = NODES["DynamicPrompt"].declaration
    assert declaration.depends is not None and declaration.validate is not None
    literals = {"text": "a __colour__ cat", "seed": 1}
    before = list(declaration.depends(literals, folders))
    assert before == [call("DynamicPrompt", "a __colour__ cat", context, 1)]
    (tmp_path / "wildcards" / "colour.txt").write_text("green\n")
    assert list(declaration.depends(literals, folders)) == ["a green cat"]
    (problem,) = declaration.validate({"text": "__color__"}, folders)
    assert "nearest: colour" in problem.message
    assert len(list(declaration.depends({"seed": 1}, folders))) == 1


def test_an_embedding_file_decides_what_names_it(tmp_path: Path) -> None:
    (tmp_path / "embeddings").mkdir()
    file = tmp_path / "embeddings" / "ink.pt"
    torch.save({"emb_params": torch.ones(1, 8)}, file)
    folders = Folders(models=(ModelRoot.at(tmp_path),))
    for id in ("CLIPTextEncode", "CLIPTextEncodeA1111", "CLIPTextEncodeBatch"):
        declaration = NODES[id].declaration
        assert declaration.depends is not None and not declaration.pure
        torch.save({"emb_params": torch.ones(1, 8)}, file)
        named = {"text": "a cat, embedding:ink"}
        before = list(declaration.depends(named, folders))
        torch.save({"emb_params": torch.zeros(1, 8)}, file)
        assert len(before) == 1 and list(declaration.depends(named, folders)) != before
        assert list(declaration.depends({"text": "a cat"}, folders)) == []
        assert len(list(declaration.depends({}, folders))) == 1
