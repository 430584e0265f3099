"""All of them."""

from nodeflow.server.a1111 import extras, generate, lists, options, progress
from nodeflow.server.a1111.fault import shaped
from nodeflow.server.http.route import Route

GET = {
    "samplers": lists.list_samplers, "schedulers": lists.list_schedulers,
    "sd-models": lists.sd_models, "sd-vae": lists.sd_vae, "sd-modules": lists.sd_vae,
    "loras": lists.loras, "embeddings": lists.embeddings, "upscalers": lists.upscalers,
    "latent-upscale-modes": lists.latent_modes, "memory": lists.memory_used,
    "cmd-flags": lists.flags, "scripts": lists.scripts, "script-info": lists.nothing,
    "hypernetworks": lists.nothing, "face-restorers": lists.nothing,
    "realesrgan-models": lists.nothing, "prompt-styles": lists.nothing,
    "extensions": lists.nothing, "options": options.options, "progress": progress.progress,
}  # fmt: skip
POST = {
    "txt2img": generate.txt2img, "img2img": generate.img2img,
    "extra-single-image": extras.single, "extra-batch-images": extras.batch,
    "png-info": extras.png_info, "options": options.change, "interrupt": progress.interrupt,
    "skip": progress.skip, "interrogate": lists.interrogate,
    "refresh-checkpoints": lists.refresh, "refresh-vae": lists.refresh,
    "refresh-loras": lists.refresh, "refresh-embeddings": lists.refresh,
    "unload-checkpoint": lists.unload, "reload-checkpoint": lists.refresh,
}  # fmt: skip
ROUTES = [
    Route(method, f"/sdapi/v1/{name}", shaped(handler))
    for method, handlers in (("GET", GET), ("POST", POST))
    for name, handler in handlers.items()
]
