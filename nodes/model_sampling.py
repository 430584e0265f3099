"""Changes to how a model is sampled and guided."""

from dataclasses import replace
from typing import Annotated, Literal

from nodeflow.node import Range, node
from nodeflow.values import Model, foreseen

CATEGORY = "advanced/model"
SAME = foreseen.passed(("MODEL", "model"))


@node(
    "ModelSamplingDiscrete",
    category=CATEGORY,
    store=False,
    infer=SAME,
)
def model_sampling_discrete(
    model: Model,
    sampling: Literal["eps", "v_prediction", "lcm", "x0", "img_to_img"] = "eps",
    zsnr: bool = False,
) -> Model:
    """What the model was trained to predict, where its file does not say.

    Args:
        model: the model.
        sampling: noise, velocity, LCM's noise with its 50 levels, the clean latent, or the clean
            latent of one that the model is given unscaled.
        zsnr: the model was trained with zero terminal signal.
    """
    from nodeflow.diffusion.recipe import Prediction, Time

    names = {"eps": "eps", "v_prediction": "v", "lcm": "lcm", "x0": "x0"}
    prediction = Prediction(names.get(sampling, sampling))
    return replace(model, prediction=prediction, zero_snr=zsnr, sigma_range=None, time=Time.LOG)


@node(
    "ModelSamplingContinuousEDM",
    category=CATEGORY,
    store=False,
    infer=SAME,
)
def model_sampling_continuous_edm(
    model: Model,
    sampling: Literal[
        "v_prediction", "edm", "edm_playground_v2.5", "eps", "cosmos_rflow"
    ] = "v_prediction",
    sigma_max: Annotated[float, Range(0.0, 1000.0, step=0.001)] = 120.0,
    sigma_min: Annotated[float, Range(0.0, 1000.0, step=0.001)] = 0.002,
) -> Model:
    """Continuous noise levels, of which the model is told a quarter of the logarithm, or of a
    flow the part of noise in the mixture.

    Args:
        model: the model.
        sampling: what the model predicts: velocity, EDM's residual, the same on Playground 2.5's
            latents, noise, or the flow from picture to noise.
        sigma_max: the highest level.
        sigma_min: the lowest level, above 0 and below the highest.
    """
    from nodeflow.diffusion.checkpoint import continuous
    from nodeflow.diffusion.recipe import Prediction, Time

    ends = in_order(sigma_min, sigma_max)
    if sampling == "edm_playground_v2.5":
        model = continuous.playground(model)
    names = {"v_prediction": "v", "eps": "eps", "cosmos_rflow": "flow"}
    prediction = Prediction(names.get(sampling, "edm"))
    time = Time.PART if prediction is Prediction.FLOW else Time.LOG
    return replace(model, prediction=prediction, sigma_range=ends, time=time)


@node("ModelSamplingContinuousV", category=CATEGORY, store=False, infer=SAME)
def model_sampling_continuous_v(
    model: Model,
    sampling: Literal["v_prediction"] = "v_prediction",
    sigma_max: Annotated[float, Range(0.0, 1000.0, step=0.001)] = 500.0,
    sigma_min: Annotated[float, Range(0.0, 1000.0, step=0.001)] = 0.03,
) -> Model:
    """Continuous noise levels, of which the model is told the angle between picture and noise.

    Args:
        model: the model.
        sampling: what the model predicts.
        sigma_max: the highest level.
        sigma_min: the lowest level, above 0 and below the highest.
    """
    from nodeflow.diffusion.recipe import Prediction, Time

    ends = in_order(sigma_min, sigma_max)
    return replace(model, prediction=Prediction(sampling[0]), sigma_range=ends, time=Time.ANGLE)


def in_order(low: float, high: float) -> tuple[float, float]:
    """The ends of a range of noise levels. Raises ValueError where they are none."""
    if not 0 < low < high:
        raise ValueError(f"sigma_min is {low}: it must lie between 0 and sigma_max")
    return low, high


@node("RescaleCFG", category=CATEGORY, store=False, infer=SAME)
def rescale_cfg(
    model: Model, multiplier: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.7
) -> Model:
    """Guidance without its burnt colours.

    Args:
        model: the model.
        multiplier: 0 is plain guidance, 1 is all of the correction.
    """
    from nodeflow.diffusion.guidance.rescale import RescaleCfg

    return replace(model, patches=(*model.patches, RescaleCfg(multiplier)))
