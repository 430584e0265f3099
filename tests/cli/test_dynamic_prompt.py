"""A prompt with choices from the command line to the picture's metadata."""

import json
from pathlib import Path

from PIL import Image

from tests.cli.calling import Shell

WORKFLOW = """
nodes:
  checkpoint: {node: CheckpointLoaderSimple, ckpt_name: tiny-emoji}
  words: {node: DynamicPrompt, text: "{a red|a blue} __thing__", seed: 4}
  positive: {node: CLIPTextEncode, clip: $checkpoint.CLIP, text: $words}
  negative: {node: CLIPTextEncode, clip: $checkpoint.CLIP, text: ""}
  canvas: {node: EmptyLatentImage, width: 64, height: 64}
  sampler: {node: KSampler, model: $checkpoint.MODEL, positive: $positive, negative: $negative,
            latent_image: $canvas, seed: 1, steps: 1, cfg: 1.0}
  image: {node: VAEDecode, samples: $sampler, vae: $checkpoint.VAE}
  save: {node: SaveImage, images: $image, filename_prefix: made}
"""


def test_the_resolved_prompt_is_in_the_picture(shell: Shell) -> None:
    folder = Path(shell.folder)
    (folder / "input" / "wildcards").mkdir(parents=True)
    (folder / "input" / "wildcards" / "thing.txt").write_text("apple\n")
    (folder / "made.yaml").write_text(WORKFLOW)
    assert shell("run", "made.yaml", "--quiet").code == 0
    with Image.open(next((folder / "output").glob("made*.png"))) as picture:
        told = json.loads(picture.info["depends"])
    assert told["words"][0] in ("a red apple", "a blue apple")
    (folder / "input" / "wildcards" / "thing.txt").unlink()
    wrong = shell("run", "made.yaml", "--quiet")
    assert wrong.code == 2 and "no wildcard file 'thing.txt'" in wrong.err
