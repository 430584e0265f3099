"""What clients ask for: A1111's fields with its defaults; null means the default."""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct, json

from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import UPLOAD, Call, read_body

T = TypeVar("T")
G = TypeVar("G", bound="Generation")
IMAGES = 64
REFUSED = (
    "styles", "s_churn", "refiner_checkpoint", "hr_checkpoint_name", "latent_mask",
    "custom_code",
)  # fmt: skip
"""Fields that would change the picture and that this server does not know."""


class Generation(Struct, frozen=True):
    """What txt2img and img2img share. seed: -1 for a random one."""

    prompt: str = ""
    negative_prompt: str = ""
    seed: int = -1
    subseed_strength: float = 0.0
    sampler_name: str = ""
    sampler_index: str = "Euler"
    scheduler: str = "Automatic"
    batch_size: int = 1
    n_iter: int = 1
    steps: int = 50
    cfg_scale: float = 7.0
    width: int = 512
    height: int = 512
    restore_faces: bool = False
    tiling: bool = False
    override_settings: dict[str, Any] = {}
    script_name: str = ""
    alwayson_scripts: dict[str, Any] = {}
    send_images: bool = True
    save_images: bool = False
    denoising_strength: float = 0.75


class Txt2Img(Generation, frozen=True):
    """A picture from a text, perhaps enlarged and sampled again."""

    enable_hr: bool = False
    hr_scale: float = 2.0
    hr_upscaler: str = "Latent"
    hr_second_pass_steps: int = 0
    hr_resize_x: int = 0
    hr_resize_y: int = 0
    hr_sampler_name: str = ""
    hr_scheduler: str = ""
    hr_prompt: str = ""
    hr_negative_prompt: str = ""


class Img2Img(Generation, frozen=True):
    """A picture from a picture; mask: white is made anew."""

    init_images: tuple[str, ...] = ()
    resize_mode: int = 0
    mask: str = ""
    mask_blur: int = 4
    inpainting_fill: int = 0
    inpaint_full_res: bool = True
    inpaint_full_res_padding: int = 0
    inpainting_mask_invert: int = 0
    include_init_images: bool = False


class Extras(Struct, frozen=True):
    """A picture to enlarge: by a factor (resize_mode 0), or to a size (1)."""

    resize_mode: int = 0
    upscaling_resize: float = 2.0
    upscaling_resize_w: int = 512
    upscaling_resize_h: int = 512
    upscaling_crop: bool = True
    upscaler_1: str = "None"
    upscaler_2: str = "None"
    extras_upscaler_2_visibility: float = 0.0
    gfpgan_visibility: float = 0.0
    codeformer_visibility: float = 0.0
    image: str = ""


def asked_for(body: dict[str, Any], kind: type[G]) -> G:
    """A body that can be done. Raises Fault for what this server does not do, rather than leave
    it out silently."""
    for key in REFUSED:
        if body.get(key):
            raise Fault(422, "unsupported", f"{key} is not supported")
    asked = read(body, kind)
    check(asked)
    return asked


async def given(call: Call) -> dict[str, Any]:
    """The body as it was sent. Raises Fault."""
    try:
        return json.decode(await read_body(call.request, UPLOAD) or b"{}", type=dict[str, Any])
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Fault(422, "bad_request", f"the body: {error}") from None


def read(body: dict[str, Any], kind: type[T]) -> T:
    """A body with its defaults. Raises Fault that says which field is wrong."""
    try:
        known = {key: value for key, value in body.items() if value is not None}
        return msgspec.convert(known, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Fault(422, "bad_request", f"the body: {error}") from None


def check(asked: Generation) -> None:
    """Raise Fault for values that this server does not do."""
    wrong = None
    if asked.script_name:
        wrong = f"Script '{asked.script_name}' not found"
    elif asked.alwayson_scripts:
        wrong = f"always on script {next(iter(asked.alwayson_scripts))} not found"
    elif asked.restore_faces:
        wrong = "restore_faces: there is no face restorer"
    elif asked.tiling:
        wrong = "tiling is not supported"
    elif asked.subseed_strength:
        wrong = "subseed_strength: variations of a seed are not supported"
    elif not (asked.batch_size > 0 and 0 < asked.n_iter * asked.batch_size <= IMAGES):
        wrong = f"batch_size times n_iter is from 1 to {IMAGES}"
    elif isinstance(asked, Img2Img) and asked.resize_mode not in (0, 1):
        wrong = "resize_mode is 0 (stretch) or 1 (crop)"
    elif isinstance(asked, Img2Img) and asked.inpainting_fill not in (0, 1):
        wrong = "inpainting_fill is 0 or 1: what is there is sampled from"
    if wrong is not None:
        raise Fault(422, "unsupported", wrong)
