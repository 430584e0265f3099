"""What changes a model or a prompt: LoRA, hypernetworks, IP-Adapters, GLIGEN, PhotoMaker."""

from dataclasses import replace

from nodeflow.node.facts import (
    ConditioningFacts,
    WeightsFacts,
)
from nodeflow.node.folders import Folders
from nodeflow.node.infer import NOTHING, Infer, Inferred
from nodeflow.node.spec import InputProblem
from nodeflow.values.foreseen.files import Known, foreign, found, passed, text, weights_of
from nodeflow.values.foreseen.weights import Parts, changed, file_weights, together


def adapter(*ports: tuple[str, str]) -> Infer:
    """A model and its text encoders behind a LoRA, which must be for their family."""
    through = passed(*ports)

    def infer(known: Known, folders: Folders) -> Inferred:
        from nodeflow.diffusion.adapters.grouping import context_width
        from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header

        path, model = found(known, folders, "lora_name", "loras"), known.get("model")
        facts = dict(through(known, folders).facts)
        if path is None:
            return Inferred({port: unweighed(given) for port, given in facts.items()})
        try:
            header = read_header(path)
        except CheckpointError:
            return Inferred(facts)
        for port, input in ports:
            given = facts.get(port)
            if isinstance(given, WeightsFacts) and known.get(f"strength_{input}") != 0:
                facts[port] = replace(given, weights=changed(given.weights, header))
        if not isinstance(model, WeightsFacts) or known.get("strength_model") == 0:
            return Inferred(facts)
        width = context_width(header)
        if width is None or model.context_width in (None, width):
            return Inferred(facts)
        message = (
            f"'{known['lora_name']}' is for models that read text {width:,} numbers wide, "
            f"this one is {model.family} and reads {model.context_width:,}"
        )
        problem = foreign("lora_name", message, f"a LoRA for {model.family}")
        return Inferred(facts, problems=(problem,))

    return infer


def unweighed(given: object) -> object:
    """What is known of a value but its weights."""
    return replace(given, weights=None) if isinstance(given, WeightsFacts) else given


def beside(given: WeightsFacts, weights: Parts) -> WeightsFacts:
    """A model with a network beside it."""
    return replace(given, weights=together(given.weights, weights))


def hypernetwork(known: Known, folders: Folders) -> Inferred:
    """MODEL behind a hypernetwork, which must be for its family."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header
    from nodeflow.diffusion.hypernetworks.patch import check_widths

    model = known.get("model")
    if not isinstance(model, WeightsFacts):
        return NOTHING
    facts = {"MODEL": model}
    path = found(known, folders, "hypernetwork_name", "hypernetworks")
    if known.get("strength") == 0:
        return Inferred(facts)
    facts = {"MODEL": beside(model, None if path is None else file_weights(path))}
    if path is None or model.context_width is None:
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
    weights = file_weights(path)
    facts = WeightsFacts(None, config.context, attention=config.layers, weights=weights)
    return Inferred({"IPADAPTER": facts})


def picture_prompt(known: Known, folders: Folders) -> Inferred:
    """MODEL with pictures as a prompt, through an IP-Adapter for its family."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.checkpoint.made_for import check_model

    model, adapter = known.get("model"), known.get("ipadapter")
    if not isinstance(model, WeightsFacts):
        return NOTHING
    if known.get("weight") == 0:
        return Inferred({"MODEL": model}, weights=())
    weights = together(weights_of(known.get("clip_vision")), weights_of(adapter))
    inferred = Inferred({"MODEL": beside(model, weights_of(adapter))}, weights=weights)
    if not isinstance(adapter, WeightsFacts):
        return inferred
    if model.context_width is None or adapter.context_width is None:
        return inferred
    try:
        check_model(
            (adapter.context_width, adapter.attention), (model.context_width, model.attention)
        )
    except CheckpointError as error:
        problem = foreign("ipadapter", f"{error}", f"an IP-Adapter for {model.family}")
        return replace(inferred, problems=(problem,))
    return inferred


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
    weights = file_weights(path)
    facts = WeightsFacts(None, config.context, attention=config.fusers, weights=weights)
    return Inferred({"GLIGEN": facts})


def boxed(known: Known, folders: Folders) -> Inferred:
    """CONDITIONING with texts in boxes."""
    given, net = known.get("conditioning_to"), known.get("gligen_textbox_model")
    if not isinstance(given, ConditioningFacts):
        return NOTHING
    if isinstance(net, WeightsFacts) and net.context_width is not None:
        given = replace(given, grounding=(net.context_width, net.attention))
    given = replace(given, weights=together(given.weights, weights_of(net)))
    return Inferred({"CONDITIONING": given}, weights=weights_of(known.get("clip")))


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


def lone_photomaker(known: Known, folders: Folders) -> Inferred:
    """PHOTOMAKER of a file: the width of the prompts that it is for."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.photomaker.files import read_photomaker

    path = found(known, folders, "photomaker_model_name", "photomaker")
    if path is None:
        return NOTHING
    try:
        context = read_photomaker(path).context
    except CheckpointError:
        return NOTHING
    return Inferred({"PHOTOMAKER": WeightsFacts(None, context, weights=file_weights(path))})


def person(known: Known, folders: Folders) -> Inferred:
    """CONDITIONING of a prompt with somebody in it, by the text encoders of PhotoMaker's family."""
    clip, maker = known.get("clip"), known.get("photomaker")
    weights = together(weights_of(clip), weights_of(maker))
    inferred = replace(text(known, folders), weights=weights)
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
    return replace(inferred, problems=(problem,))
