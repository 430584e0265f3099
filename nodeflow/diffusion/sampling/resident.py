"""Sampling with a model recipe: its network in memory, its answers shared and recorded."""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache, partial
from pathlib import Path
from time import monotonic

from torch import Tensor

from nodeflow.diffusion.control.files import read_control
from nodeflow.diffusion.control.made_for import check_control
from nodeflow.diffusion.control.union import UnionControlNetModel
from nodeflow.diffusion.guidance.model_inputs import Takes
from nodeflow.diffusion.guidance.noise_augmentation import image_noise
from nodeflow.diffusion.guidance.rows import Wish
from nodeflow.diffusion.hypernetworks.network import changed_contexts
from nodeflow.diffusion.hypernetworks.patch import HypernetworkPatch
from nodeflow.diffusion.ip_adapter.patch import PicturePrompt
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.patches.compiled import compiled_of
from nodeflow.diffusion.patches.forward import ForwardPatches
from nodeflow.diffusion.patches.tiled import tiled_of
from nodeflow.diffusion.recipe import ControlRecipe, ModelRecipe, Prediction, Time, WeightsFile
from nodeflow.diffusion.residency import Residency, compute_dtype, residency_of
from nodeflow.diffusion.sampling.batching import BatchingSampler
from nodeflow.diffusion.sampling.evaluate import Denoiser
from nodeflow.diffusion.sampling.forms import Forms
from nodeflow.diffusion.sampling.grounding import beside
from nodeflow.diffusion.sampling.host import Host
from nodeflow.diffusion.sampling.model import ControlNetwork, DenoisingModel
from nodeflow.diffusion.sampling.pictures import Layers, Pictures
from nodeflow.diffusion.sampling.preview import SHORTEST, preview, tiny_decoder
from nodeflow.diffusion.sampling.recording import WishKeys, canonical, decode, encode
from nodeflow.diffusion.sampling.setting import Space
from nodeflow.diffusion.sampling.tiled import TiledModel
from nodeflow.diffusion.sampling.trajectory import Trajectory, answered, travel
from nodeflow.diffusion.schedule.discrete import (
    AngleSchedule,
    ContinuousSchedule,
    DiscreteSchedule,
    FlowSchedule,
    stable_diffusion,
)
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.places import attention_places

CONTINUOUS = {Time.LOG: ContinuousSchedule, Time.ANGLE: AngleSchedule, Time.PART: FlowSchedule}


@lru_cache(maxsize=8)
def schedule_for(
    zero_snr: bool,
    betas: tuple[float, float],
    sigma_range: tuple[float, float] | None,
    time: Time,
    distilled: bool,
) -> DiscreteSchedule:
    """A schedule, computed once."""
    if sigma_range is not None:
        return CONTINUOUS[time].between(*sigma_range)
    schedule = stable_diffusion(zero_snr, betas)
    return schedule.distilled() if distilled else schedule


def schedule_of(recipe: ModelRecipe) -> DiscreteSchedule:
    """The noise levels of a model."""
    distilled = recipe.prediction is Prediction.LCM
    return schedule_for(recipe.zero_snr, recipe.betas, recipe.sigma_range, recipe.time, distilled)


def model_of(recipe: ModelRecipe, residency: Residency) -> Denoiser:
    """The denoiser, its network in memory; of tiles where the recipe says so."""
    dtype = compute_dtype(residency.device)
    unet = residency.unet(recipe)
    schedule = schedule_of(recipe)
    contexts = changed_contexts(
        [
            (residency.hypernetwork(patch.file), patch.strength)
            for patch in recipe.patches
            if isinstance(patch, HypernetworkPatch)
        ]
    )
    base_width = unet.config.block_out_channels[0]
    patches = ForwardPatches(recipe.patches, schedule, base_width, contexts)
    backend = compiled_of(recipe.patches)
    model = DenoisingModel(
        unet if backend is None else residency.compiled(recipe, backend),
        recipe.prediction,
        schedule,
        dtype,
        patches,
        controls_for(recipe, unet.config, residency),
        Forms(unet, recipe, residency.budget - residency.held_bytes()),
        Pictures(cache(lambda file: layers_of(file, unet.config, residency))),
        cache(lambda file: beside(residency.gligen(file), unet.config)),
    )
    tiling = tiled_of(recipe.patches)
    return model if tiling is None else TiledModel(model, tiling)


def layers_of(file: WeightsFile, config: UNetConfig, residency: Residency) -> Layers:
    """An IP-Adapter's layers in memory, by the transformer blocks that they are for."""
    return dict(zip(attention_places(config), residency.ip_adapter(file).layers, strict=True))


def controls_for(
    model: ModelRecipe, sizes: UNetConfig, residency: Residency
) -> Callable[[ControlRecipe], ControlNetwork]:
    """Control nets in memory, told the kinds of picture that their recipes name.

    Raises CheckpointError for one of another family, before anything is computed.
    """
    check = cache(lambda path: check_control(read_control(Path(path)), sizes))

    def control_of(control: ControlRecipe) -> ControlNetwork:
        check(control.source.path)
        net = residency.control(control, model)
        return partial(net, types=control.types) if isinstance(net, UnionControlNetModel) else net

    return control_of


def sample_resident(
    recipe: ModelRecipe,
    trajectory: Trajectory,
    host: Host,
    on_denoised: Callable[[Tensor], object] = lambda denoised: None,
) -> Latent:
    """Sample with the network that the host holds, together with whatever samples beside.

    Stops between two calls of the network where the host says so. `on_denoised` gets the denoised
    latent (unscaled) of each step.
    """
    if not trajectory.steps:
        return trajectory.latent
    residency = host.resources.get(*residency_of(host.device))
    batching = host.resources.get(BatchingSampler, BatchingSampler)
    name = f"{canonical(recipe)}:{batching.company}"
    keys = WishKeys(name)
    shown, previews = 0.0, host.previews != "none"
    decoder = tiny_decoder(recipe, host)

    def on_step(done: int, total: int, denoised: Tensor) -> None:
        nonlocal shown
        on_denoised(denoised)
        picture = None
        if previews and (done == total or monotonic() - shown > SHORTEST):
            picture = preview(denoised, recipe, decoder)
            shown = monotonic()
        host.progress(done, total, picture)

    takes = Takes(
        recipe.labels,
        recipe.extra,
        recipe.scale_factor,
        image_noise(recipe),
        recipe.context_width,
        tuple(patch for patch in recipe.patches if isinstance(patch, PicturePrompt)),
    )
    space = Space(schedule_of(recipe), recipe.scale, host.device, takes, recipe.patches)
    with batching.table(name, lambda: model_of(recipe, residency)) as table:

        def answer(wish: Wish) -> Sequence[Tensor]:
            host.check_cancelled()
            key = keys.of(wish)
            data = None if key is None else host.recordings.get(key)
            known = None if data is None else decode(data, wish)
            if known is not None:
                return known
            answers = table.answer(wish, key)
            if key is not None:
                host.recordings.put(key, encode(answers))
            return answers

        return answered(travel(trajectory, space, on_step), answer)
