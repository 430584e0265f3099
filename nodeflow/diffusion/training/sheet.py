"""Contact sheets: many prompts drawn in one batch, in rows, to be judged by eye."""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image

from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.guidance.rows import Rows
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.noise import initial_noise
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.sampling.driver import drive
from nodeflow.diffusion.sampling.resident import model_of, schedule_of
from nodeflow.diffusion.sampling.texts import joined_contexts
from nodeflow.diffusion.sampling.trajectory import first_x
from nodeflow.diffusion.schedule.schedulers import karras
from nodeflow.diffusion.text.encode import encode_prompt
from nodeflow.diffusion.vae.codec import decode_latent

COLUMNS = 6


def draw(
    checkpoint: Path, prompts: Sequence[str], seed: int = 0, cfg: float = 3.0, steps: int = 20
) -> torch.Tensor:
    """One picture for each prompt, DPM++ 2M Karras; float32 `[n, 128, 128, 3]` in 0..1."""
    opened = open_checkpoint(checkpoint, "")
    residency = Residency()
    encoder = residency.text_encoders(opened.clip)
    contexts = joined_contexts([encode_prompt(encoder, p)[0].embedding for p in prompts])
    empty = encode_prompt(encoder, "")[0].embedding.expand(len(prompts), -1, -1)
    model = model_of(opened.model, residency)
    schedule = schedule_of(opened.model)

    def denoise(x: torch.Tensor, sigma: float) -> torch.Tensor:
        wanted, unwanted = model([Rows(x, sigma, contexts), Rows(x, sigma, empty)])
        return unwanted + cfg * (wanted - unwanted)

    latent = Latent(torch.zeros(len(prompts), 4, 16, 16))
    noise = initial_noise(tuple(latent.samples.shape), seed)
    sigmas = karras(schedule, steps).tolist()
    with torch.no_grad():
        x = first_x(noise, latent.samples, sigmas[0], schedule)
        x = drive(denoise, x, sigmas, "dpmpp_2m", seed, lambda *step: None)
        vae = residency.vae(opened.vae)
        return decode_latent(vae, x / opened.model.scale_factor)


def write_sheet(pictures: torch.Tensor, path: Path, columns: int = COLUMNS) -> None:
    """Pictures in rows, as one PNG."""
    count, height, width, _ = pictures.shape
    sheet = Image.new("RGB", (columns * width, math.ceil(count / columns) * height))
    for index, picture in enumerate((pictures * 255).round().byte()):
        place = (index % columns * width, index // columns * height)
        sheet.paste(Image.fromarray(picture.numpy()), place)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, optimize=True)
