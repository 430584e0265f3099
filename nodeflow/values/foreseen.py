"""What built-in nodes will give, from literals and file headers: sizes, families, what is amiss.

Each function is the `infer` of node types (`nodeflow.node.infer`). Where something cannot be told,
nothing is said: a file's own check reports what is wrong with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from nodeflow.graph.problem import ProblemCode
from nodeflow.node.facts import (
    ConditioningFacts,
    ImageFacts,
    LatentFacts,
    WeightsFacts,
    element_count,
)
from nodeflow.node.folders import FileMissing, Folders
from nodeflow.node.infer import NOTHING, Infer, Inferred
from nodeflow.node.spec import InputProblem

CELL = 8
"""Pixels along a side of a latent cell."""
Known = Mapping[str, object]


def foreign(input: str, message: str, expected: str) -> InputProblem:
    """A link between parts of different families."""
    return InputProblem(input, message, expected, code=ProblemCode.TYPE_MISMATCH)


def found(known: Known, folders: Folders, input: str, kind: str) -> Path | None:
    """The model file that an input names, or None where it names none that is there."""
    name = known.get(input)
    if not isinstance(name, str):
        return None
    try:
        return folders.find_model(kind, name)
    except FileMissing:
        return None


def checkpoint(input: str, kind: str) -> Infer:
    """MODEL, CLIP and VAE of a whole checkpoint."""

    def infer(known: Known, folders: Folders) -> Inferred:
        path = found(known, folders, input, kind)
        if path is None:
            return NOTHING
        model = model_facts(str(path), stamp(path))
        if model is None:
            return NOTHING
        vae = WeightsFacts(model.family, channels=4)
        clip = WeightsFacts(model.family, model.context_width)
        return Inferred({"MODEL": model, "CLIP": clip, "VAE": vae})

    return infer


def lone_model(known: Known, folders: Folders) -> Inferred:
    """MODEL of `UNETLoader`."""
    path = found(known, folders, "unet_name", "diffusion_models")
    model = None if path is None else model_facts(str(path), stamp(path))
    return NOTHING if model is None else Inferred({"MODEL": model})


def lone_text(known: Known, folders: Folders) -> Inferred:
    """CLIP of `CLIPLoader` and `DualCLIPLoader`."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.checkpoint.parts import text_parts

    width = 0
    for input in ("clip_name", "clip_name1", "clip_name2"):
        if input not in known:
            continue
        path = found(known, folders, input, "text_encoders")
        if path is None:
            return NOTHING
        try:
            width += sum(part.config.width for part in text_parts(path).values())
        except CheckpointError:
            return NOTHING
    return Inferred({"CLIP": WeightsFacts(None, width or None)})


def stamp(path: Path) -> tuple[int, int]:
    """What tells a file from the one that had its name before."""
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=64)
def model_facts(path: str, stamped: tuple[int, int]) -> WeightsFacts | None:
    """Of a UNet in a file or folder; None where it is not sound."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.checkpoint.parts import unet_part
    from nodeflow.diffusion.families.registry import family_of
    from nodeflow.diffusion.unet.places import attention_places

    try:
        config = unet_part(Path(path)).config
        family = family_of(config)
    except CheckpointError:
        return None
    return WeightsFacts(
        str(family.name),
        config.context_width,
        config.out_channels,
        config.in_channels,
        tuple(attention_places(config).values()),
    )


def passed(*ports: tuple[str, str]) -> Infer:
    """Outputs of which is known what is known of inputs: (output, input)."""

    def infer(known: Known, folders: Folders) -> Inferred:
        return Inferred({out: known[into] for out, into in ports if known.get(into) is not None})

    return infer


def adapter(*ports: tuple[str, str]) -> Infer:
    """A model and its text encoders behind a LoRA, which must be for their family."""
    through = passed(*ports)

    def infer(known: Known, folders: Folders) -> Inferred:
        from nodeflow.diffusion.adapters.grouping import context_width
        from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header

        path, model = found(known, folders, "lora_name", "loras"), known.get("model")
        facts = through(known, folders).facts
        if path is None or not isinstance(model, WeightsFacts) or known.get("strength_model") == 0:
            return Inferred(facts)
        try:
            width = context_width(read_header(path))
        except CheckpointError:
            return Inferred(facts)
        if width is None or model.context_width in (None, width):
            return Inferred(facts)
        message = (
            f"'{known['lora_name']}' is for models that read text {width:,} numbers wide, "
            f"this one is {model.family} and reads {model.context_width:,}"
        )
        problem = foreign("lora_name", message, f"a LoRA for {model.family}")
        return Inferred(facts, problems=(problem,))

    return infer


def hypernetwork(known: Known, folders: Folders) -> Inferred:
    """MODEL behind a hypernetwork, which must be for its family."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header
    from nodeflow.diffusion.hypernetworks.patch import check_widths

    model = known.get("model")
    if not isinstance(model, WeightsFacts):
        return NOTHING
    facts = {"MODEL": model}
    path = found(known, folders, "hypernetwork_name", "hypernetworks")
    if path is None or model.context_width is None or known.get("strength") == 0:
        return Inferred(facts)
    try:
        check_widths(read_header(path), {*model.attention, model.context_width})
    except CheckpointError as error:
        name = "hypernetwork_name"
        problem = foreign(name, f"'{known[name]}': {error}", f"one for {model.family}")
        return Inferred(facts, problems=(problem,))
    return Inferred(facts)


def lone_ip_adapter(known: Known, folders: Folders) -> Inferred:
    """IPADAPTER of a file: the widths of the models that it is for."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.ip_adapter.files import read_ip_adapter

    path = found(known, folders, "ipadapter_file", "ipadapter")
    if path is None:
        return NOTHING
    try:
        config = read_ip_adapter(path).config
    except CheckpointError:
        return NOTHING
    return Inferred({"IPADAPTER": WeightsFacts(None, config.context, attention=config.layers)})


def picture_prompt(known: Known, folders: Folders) -> Inferred:
    """MODEL with pictures as a prompt, through an IP-Adapter for its family."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.checkpoint.made_for import check_model

    model, adapter = known.get("model"), known.get("ipadapter")
    if not isinstance(model, WeightsFacts):
        return NOTHING
    facts = {"MODEL": model}
    if not isinstance(adapter, WeightsFacts) or known.get("weight") == 0:
        return Inferred(facts)
    if model.context_width is None or adapter.context_width is None:
        return Inferred(facts)
    try:
        check_model(
            (adapter.context_width, adapter.attention), (model.context_width, model.attention)
        )
    except CheckpointError as error:
        problem = foreign("ipadapter", f"{error}", f"an IP-Adapter for {model.family}")
        return Inferred(facts, problems=(problem,))
    return Inferred(facts)


def lone_gligen(known: Known, folders: Folders) -> Inferred:
    """GLIGEN of a file: the widths of the models and the texts that it is for."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.gligen.files import read_gligen

    path = found(known, folders, "gligen_name", "gligen")
    if path is None:
        return NOTHING
    try:
        config = read_gligen(path).config
    except CheckpointError:
        return NOTHING
    return Inferred({"GLIGEN": WeightsFacts(None, config.context, attention=config.fusers)})


def boxed(known: Known, folders: Folders) -> Inferred:
    """CONDITIONING with texts in boxes."""
    given, net = known.get("conditioning_to"), known.get("gligen_textbox_model")
    if not isinstance(given, ConditioningFacts):
        return NOTHING
    if isinstance(net, WeightsFacts) and net.context_width is not None:
        given = replace(given, grounding=(net.context_width, net.attention))
    return Inferred({"CONDITIONING": given})


def lone_photomaker(known: Known, folders: Folders) -> Inferred:
    """PHOTOMAKER of a file: the width of the prompts that it is for."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.photomaker.files import read_photomaker

    path = found(known, folders, "photomaker_model_name", "photomaker")
    if path is None:
        return NOTHING
    try:
        return Inferred({"PHOTOMAKER": WeightsFacts(None, read_photomaker(path).context)})
    except CheckpointError:
        return NOTHING


def person(known: Known, folders: Folders) -> Inferred:
    """CONDITIONING of a prompt with somebody in it, by the text encoders of PhotoMaker's family."""
    inferred = text(known, folders)
    clip, maker = known.get("clip"), known.get("photomaker")
    if not isinstance(clip, WeightsFacts) or not isinstance(maker, WeightsFacts):
        return inferred
    if None in (clip.context_width, maker.context_width):
        return inferred
    if clip.context_width == maker.context_width:
        return inferred
    message = (
        f"PhotoMaker changes prompts {maker.context_width:,} numbers wide, and these text encoders "
        f"make {clip.context_width:,}"
    )
    problem = foreign("photomaker", message, "the CLIP of an SDXL checkpoint")
    return Inferred(inferred.facts, problems=(problem,))


def text(known: Known, folders: Folders) -> Inferred:
    """CONDITIONING of a prompt."""
    clip = known.get("clip")
    if not isinstance(clip, WeightsFacts):
        return NOTHING
    return Inferred({"CONDITIONING": ConditioningFacts(clip.family, clip.context_width)})


def with_picture(latent: str | None = None) -> Infer:
    """Both sides with a picture for the model, and the latent to start from."""

    def infer(known: Known, folders: Folders) -> Inferred:
        facts: dict[str, object] = {}
        for side in ("positive", "negative"):
            given = known.get(side)
            if isinstance(given, ConditioningFacts):
                facts[side] = replace(given, picture=True)
        if latent is not None and isinstance(pixels := known.get("pixels"), ImageFacts):
            facts[latent] = encoded_facts(pixels, masked=bool(known.get("noise_mask", False)))
        return Inferred(facts)

    return infer


def encoded_facts(pixels: ImageFacts, masked: bool) -> LatentFacts:
    """The latent of a picture."""
    rows, columns = (None if s is None else s // CELL for s in (pixels.height, pixels.width))
    return LatentFacts(pixels.batch, 4, rows, columns, masked)


def encoded(masked: bool = False) -> Infer:
    """LATENT of a picture; its seconds go with the pixels."""

    def infer(known: Known, folders: Folders) -> Inferred:
        pixels = known.get("pixels")
        if not isinstance(pixels, ImageFacts):
            return Inferred(work=None)
        latent = encoded_facts(pixels, masked)
        return Inferred({"LATENT": latent}, cells(latent))

    return infer


def decoded(known: Known, folders: Folders) -> Inferred:
    """IMAGE of a latent; its seconds go with the cells."""
    latent = known.get("samples")
    if not isinstance(latent, LatentFacts):
        return Inferred(work=None)
    sides = (None if s is None else s * CELL for s in (latent.height, latent.width))
    return Inferred({"IMAGE": ImageFacts(latent.batch, *sides)}, cells(latent))


def cells(latent: LatentFacts) -> float | None:
    """How many cells a latent has, or None where that is not known."""
    return element_count(latent.batch, latent.height, latent.width)


def empty_latent(known: Known, folders: Folders) -> Inferred:
    """LATENT of a canvas; sides that do not divide are said."""
    sides = {name: known.get(name) for name in ("width", "height")}
    batch = known.get("batch_size")
    whole = {n: s // CELL if isinstance(s, int) else None for n, s in sides.items()}
    latent = LatentFacts(
        batch if isinstance(batch, int) else None, 4, whole["height"], whole["width"]
    )
    warnings = tuple(
        InputProblem(
            name,
            f"{side} is no multiple of {CELL}: the picture will be {side // CELL * CELL} pixels",
            f"{side // CELL * CELL} or {(side // CELL + 1) * CELL}",
        )
        for name, side in sides.items()
        if isinstance(side, int) and side % CELL
    )
    return Inferred({"LATENT": latent}, warnings=warnings)


def masked(known: Known, folders: Folders) -> Inferred:
    """LATENT with a mask."""
    latent = known.get("samples")
    if not isinstance(latent, LatentFacts):
        return NOTHING
    sizes = latent.batch, latent.channels, latent.height, latent.width
    return Inferred({"LATENT": LatentFacts(*sizes, masked=True)})


def resized(known: Known, folders: Folders) -> Inferred:
    """LATENT of another size, in pixels or by a factor."""
    latent = known.get("samples")
    if not isinstance(latent, LatentFacts):
        return NOTHING
    sides = {"height": latent.height, "width": latent.width}
    factor = known.get("scale_by")
    if isinstance(factor, int | float):
        scaled = {n: None if s is None else round(s * factor) for n, s in sides.items()}
    else:
        asked = {n: s for n in sides if isinstance(s := known.get(n), int)}
        scaled = {n: asked[n] // CELL if asked.get(n) else None for n in sides}
    batch, channels = latent.batch, latent.channels
    facts = LatentFacts(batch, channels, scaled["height"], scaled["width"], latent.masked)
    return Inferred({"LATENT": facts})


def sampling(sides: tuple[str, ...], factor: Callable[[Known], float | None]) -> Infer:
    """LATENT of a sampler: prompts of the model's family, pictures where the model wants them.

    factor: network calls for a cell.
    """

    def infer(known: Known, folders: Folders) -> Inferred:
        latent = known.get("latent_image")
        sized = latent if isinstance(latent, LatentFacts) else LatentFacts()
        facts = {} if sized == LatentFacts() else {"LATENT": sized}
        calls, count = factor(known), cells(sized)
        work = None if calls is None or count is None else calls * count
        model = known.get("model")
        if not isinstance(model, WeightsFacts):
            return Inferred(facts, work)
        prompts = {side: known.get(side) for side in sides}
        problems = [
            foreign(
                side,
                f"the prompt comes from text encoders {given.width:,} numbers wide, the model is "
                f"{model.family} and reads {model.context_width:,}",
                f"a prompt encoded with the CLIP of a {model.family} checkpoint",
            )
            for side, given in prompts.items()
            if isinstance(given, ConditioningFacts)
            and None not in (given.width, model.context_width)
            and given.width != model.context_width
        ]
        problems += [
            misplaced
            for side, given in prompts.items()
            if isinstance(given, ConditioningFacts)
            and (misplaced := foreign_boxes(side, given, model)) is not None
        ]
        first = prompts[sides[0]]
        bare = isinstance(first, ConditioningFacts) and first.picture is False
        warnings = []
        match model.in_channels:
            case 9 if bare and sized != LatentFacts() and not sized.masked:
                warnings.append(
                    foreign(
                        "model",
                        "an inpainting model (9 channels) without a mask: all is made anew",
                        "InpaintModelConditioning, or a latent with a noise mask",
                    )
                )
            case 5 if bare:
                problems.append(
                    foreign(
                        "model",
                        "a depth model (5 channels) without a depth map",
                        "DepthConditioning before the sampler",
                    )  # fmt: skip
                )
            case 8 if bare:
                warnings.append(
                    foreign(
                        "model",
                        "an editing model (8 channels) without a picture to edit",
                        "InstructPixToPixConditioning before the sampler",
                    )  # fmt: skip
                )
        return Inferred(facts, work, tuple(problems), tuple(warnings))

    return infer


def foreign_boxes(side: str, given: ConditioningFacts, model: WeightsFacts) -> InputProblem | None:
    """Boxes of a prompt whose network is for another family than the model."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.checkpoint.made_for import check_model

    if given.grounding is None or model.context_width is None:
        return None
    try:
        check_model(given.grounding, (model.context_width, model.attention))
    except CheckpointError as error:
        return foreign(side, f"the GLIGEN model: {error}", f"one for {model.family}")
    return None


def network_calls(known: Known) -> float | None:
    """Steps of a KSampler, twice where it is guided; None where they are linked."""
    steps = known.get("steps")
    if not isinstance(steps, int):
        return None
    return steps * (1 if known.get("cfg") == 1 else 2)
