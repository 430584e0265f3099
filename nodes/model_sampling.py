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
    sampling: Literal["eps", "v_prediction", "lcm", "x0"] = "eps",
    zsnr: bool = False,
) -> Model:
    """What the model was trained to predict, where its file does not say.

    Args:
        model: the model.
        sampling: noise, velocity, the clean latent, or LCM's noise with its 50 levels.
        zsnr: the model was trained with zero terminal signal.
    """
    from nodeflow.diffusion.recipe import Prediction

    names = {"eps": "eps", "v_prediction": "v", "lcm": "lcm", "x0": "x0"}
    prediction = Prediction(names[sampling])
    return replace(model, prediction=prediction, zero_snr=zsnr, sigma_range=None)


@node(
    "ModelSamplingContinuousEDM",
    category=CATEGORY,
    store=False,
    infer=SAME,
)
def model_sampling_continuous_edm(
    model: Model,
    sampling: Literal["v_prediction", "eps"] = "v_prediction",
    sigma_max: Annotated[float, Range(0.0, 1000.0, step=0.001)] = 120.0,
    sigma_min: Annotated[float, Range(0.0, 1000.0, step=0.001)] = 0.002,
) -> Model:
    """Continuous noise levels, of which the model is told a quarter of the logarithm.

    Args:
        model: the model.
        sampling: what the model predicts.
        sigma_max: the highest level.
        sigma_min: the lowest level, above 0 and below the highest.
    """
    from nodeflow.diffusion.recipe import Prediction

    if not 0 < sigma_min < sigma_max:
        raise ValueError(f"sigma_min is {sigma_min}: it must lie between 0 and sigma_max")
    prediction = Prediction.V if sampling == "v_prediction" else Prediction.EPS
    return replace(model, prediction=prediction, sigma_range=(sigma_min, sigma_max))


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
