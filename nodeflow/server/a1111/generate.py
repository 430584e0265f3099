"""`/txt2img` and `/img2img`: jobs of the shipped workflows, answered with their pictures."""

import asyncio
import base64
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from msgspec import json

from nodeflow import __version__
from nodeflow.diffusion.prompting.lora_tags import LoraTagError, lora_tags
from nodeflow.interop.infotext import Infotext, write_infotext
from nodeflow.server.a1111 import workflow
from nodeflow.server.a1111.asked import Generation, Img2Img, Txt2Img, asked_for, given
from nodeflow.server.a1111.models import checkpoint_named, named, stem, vae_named
from nodeflow.server.a1111.names import sampling_of
from nodeflow.server.a1111.options import options_of
from nodeflow.server.a1111.pictures import keep, with_parameters
from nodeflow.server.a1111.workflow import Chosen
from nodeflow.server.api.files import root_of
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call
from nodeflow.server.jobs.job import ENDED, Job, Options, Submission
from nodeflow.server.process.questions import AskCheck

CLIENT = "a1111"
SEEDS = 2**32
Document = dict[str, Any]


@dataclass(frozen=True)
class Round:
    """One job: its document, and the generation text of each of its images."""

    document: Document
    texts: tuple[str, ...]
    seeds: tuple[int, ...]


async def txt2img(call: Call) -> dict[str, Any]:
    """Pictures from a text."""
    body = await given(call)
    asked = asked_for(body, Txt2Img)
    return await generated(call, body, asked, lambda chosen: workflow.txt2img(asked, chosen))


async def img2img(call: Call) -> dict[str, Any]:
    """Pictures from a picture."""
    body = await given(call)
    asked = asked_for(body, Img2Img)
    if not asked.init_images:
        raise Fault(404, "not_found", "Init image not found")
    if len(asked.init_images) > 1:
        raise Fault(422, "unsupported", "one init image a request")
    picture = await keep(call, asked.init_images[0])
    mask = await keep(call, asked.mask) if asked.mask else None
    shown = {k: v for k, v in body.items() if k not in ("init_images", "mask")}
    return await generated(
        call, body if asked.include_init_images else shown, asked,
        lambda chosen: workflow.img2img(asked, chosen, picture, mask), alone=mask is not None,
    )  # fmt: skip


async def chosen_for(call: Call, asked: Generation) -> Chosen:
    """What names and options have become. Raises Fault for one that is not there."""
    options = {**await options_of(call), **asked.override_settings}
    sampling = sampling_of(asked.sampler_name or asked.sampler_index, asked.scheduler)
    try:
        tags = lora_tags(asked.prompt + asked.negative_prompt)[1]
    except LoraTagError as error:
        raise Fault(422, "bad_request", str(error)) from None
    loras = {tag.name: await named(call, "loras", tag.name, "LoRA") for tag in tags}
    second, upscaler = None, ""
    if isinstance(asked, Txt2Img) and asked.enable_hr:
        if asked.hr_sampler_name or asked.hr_scheduler:
            name = asked.hr_sampler_name or sampling.title
            second = sampling_of(name, asked.hr_scheduler or sampling.label)
        if asked.hr_upscaler.lower() not in (*workflow.LATENT, *workflow.PLAIN):
            upscaler = await named(call, "upscale_models", asked.hr_upscaler, "Upscaler")
    try:
        skip = int(options["CLIP_stop_at_last_layers"])
    except (TypeError, ValueError):
        raise Fault(422, "bad_request", "CLIP_stop_at_last_layers is no whole number") from None
    seed = asked.seed if asked.seed >= 0 else secrets.randbelow(SEEDS)
    return Chosen(
        await checkpoint_named(call, str(options["sd_model_checkpoint"])), sampling, seed,
        asked.batch_size, await vae_named(call, str(options["sd_vae"])), skip, loras, second,
        upscaler,
    )  # fmt: skip


def text_of(asked: Generation, chosen: Chosen, seed: int) -> str:
    """The generation text of one image."""
    settings = {
        "Steps": str(asked.steps), "Sampler": chosen.sampling.title,
        "Schedule type": chosen.sampling.label, "CFG scale": f"{asked.cfg_scale:g}",
        "Seed": str(seed), "Size": f"{asked.width}x{asked.height}",
        "Model": stem(chosen.checkpoint),
    }  # fmt: skip
    if chosen.vae:
        settings["VAE"] = chosen.vae
    hires = isinstance(asked, Txt2Img) and asked.enable_hr
    if isinstance(asked, Img2Img) or hires:
        settings["Denoising strength"] = f"{asked.denoising_strength:g}"
    if chosen.clip_skip > 1:
        settings["Clip skip"] = str(chosen.clip_skip)
    if isinstance(asked, Txt2Img) and hires:
        wide, high = workflow.target_size(asked)
        settings |= {"Hires resize": f"{wide}x{high}", "Hires upscaler": asked.hr_upscaler}
        if asked.hr_second_pass_steps:
            settings["Hires steps"] = str(asked.hr_second_pass_steps)
    settings["Version"] = f"nodeflow {__version__}"
    return write_infotext(Infotext(asked.prompt, asked.negative_prompt, settings))


def rounds_of(
    asked: Generation, chosen: Chosen, make: Callable[[Chosen], Document], alone: bool
) -> list[Round]:
    """The jobs of a request; alone: one for each image."""
    count = 1 if alone else asked.batch_size
    made = []
    for start in range(0, asked.n_iter * asked.batch_size, count):
        seeds = tuple((chosen.seed + start + i) % SEEDS for i in range(count))
        texts = tuple(text_of(asked, chosen, seed) for seed in seeds)
        made.append(Round(make(replace(chosen, seed=seeds[0], count=count)), texts, seeds))
    return made


async def submitted(call: Call, document: Document, parameters: str, extra: Any) -> Job:
    """A job of a filled-in workflow. Raises Fault with what is wrong in it."""
    asked = AskCheck(json.encode(document), only=("save",), user=call.user)
    answer = await call.state.inspector.ask(asked)
    checked = json.decode(answer.body)
    if not checked["valid"]:
        raise Fault(422, "bad_request", "the request", json.encode(checked["problems"]))
    metadata = {"parameters": parameters} if parameters else {}
    options = Options(("save",), metadata=metadata, extra={CLIENT: extra})
    return await call.state.core.submit(
        Submission(answer.blob, "", call.user, CLIENT, "", document["name"], options=options)
    )


async def ended(call: Call, job: Job) -> Job:
    """The job once it is over."""
    while job.state not in ENDED:
        found = await call.state.core.wait(job.id, call.user, 3600)
        if found is None:
            raise Fault(500, "failed", "the job was deleted")
        if call.state.core.closed:
            raise Fault(503, "unavailable", "the server is stopping; the job goes on later")
        job = found
    return job


def files_of(call: Call, job: Job) -> list[Path]:
    """The pictures that a job has made."""
    made = job.report.outputs.get("save")
    return [root_of(call, f.folder) / f.path for f in made.files] if made is not None else []


async def pictures_of(call: Call, job: Job, texts: tuple[str, ...]) -> list[str]:
    """A job's pictures in base64, each with its own text. Raises Fault where it failed."""
    job = await ended(call, job)
    if job.state == "failed":
        error = job.report.error
        raise Fault(500, "failed", error.message if error is not None else "the job failed")

    def read_all() -> list[str]:
        found = []
        for file, text in zip(files_of(call, job), texts, strict=False):
            png = file.read_bytes()
            data = with_parameters(png, text) if text else png
            found.append(base64.b64encode(data).decode())
        return found

    return await asyncio.to_thread(read_all)


async def generated(
    call: Call, shown: dict[str, Any], asked: Generation, make: Callable[[Chosen], Document],
    alone: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Run a request; what an interruption has left is answered too."""
    chosen = await chosen_for(call, asked)
    rounds = rounds_of(asked, chosen, make, alone)
    began = time.strftime("%Y%m%d%H%M%S")
    jobs = [
        await submitted(
            call, part.document, part.texts[0],
            {"no": number, "of": len(rounds), "steps": asked.steps, "began": began},
        )
        for number, part in enumerate(rounds)
    ]  # fmt: skip
    images: list[str] = []
    texts: list[str] = []
    seeds: list[int] = []
    for job, part in zip(jobs, rounds, strict=True):
        found = await pictures_of(call, job, part.texts)
        images += found
        texts += part.texts[: len(found)]
        seeds += part.seeds[: len(found)]
    info = info_of(asked, chosen, texts, seeds or list(rounds[0].seeds), began)
    return {
        "images": images if asked.send_images else [],
        "parameters": shown,
        "info": json.encode(info).decode(),
    }


def info_of(
    asked: Generation, chosen: Chosen, texts: list[str], seeds: list[int], began: str
) -> dict[str, Any]:
    """What A1111 tells of a generation."""
    count = len(seeds)
    img2img = isinstance(asked, Img2Img) or (isinstance(asked, Txt2Img) and asked.enable_hr)
    return {
        "prompt": asked.prompt, "all_prompts": [asked.prompt] * count,
        "negative_prompt": asked.negative_prompt,
        "all_negative_prompts": [asked.negative_prompt] * count,
        "seed": seeds[0], "all_seeds": seeds, "subseed": seeds[0], "all_subseeds": seeds,
        "subseed_strength": 0, "width": asked.width, "height": asked.height,
        "sampler_name": chosen.sampling.title, "cfg_scale": asked.cfg_scale,
        "steps": asked.steps, "batch_size": asked.batch_size, "restore_faces": False,
        "face_restoration_model": None, "sd_model_name": stem(chosen.checkpoint),
        "sd_model_hash": "", "sd_vae_name": chosen.vae or None, "sd_vae_hash": None,
        "seed_resize_from_w": -1, "seed_resize_from_h": -1,
        "denoising_strength": asked.denoising_strength if img2img else None,
        "extra_generation_params": {"Schedule type": chosen.sampling.label},
        "index_of_first_image": 0, "infotexts": texts, "styles": [], "job_timestamp": began,
        "clip_skip": chosen.clip_skip, "is_using_inpainting_conditioning": False,
        "version": f"nodeflow {__version__}",
    }  # fmt: skip
