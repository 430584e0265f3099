"""Stable Diffusion 1 (arXiv 2112.10752): CLIP ViT-L/14; its fine-tunes, LCM, and small ones.

Small models of its shape, the embedded one among them, have narrower text.
"""

from nodeflow.diffusion.families.family import LATENT, Family
from nodeflow.diffusion.recipe import ExtraChannels, FamilyName, Labels, Tower

SD1 = Family(
    name=FamilyName.SD1,
    matches=lambda config: config.context_width <= 768,
    towers=(Tower.L,),
    channels={
        LATENT: ExtraChannels.NONE,
        LATENT + 4: ExtraChannels.EDIT,
        LATENT + 5: ExtraChannels.INPAINT,
    },
    labels=lambda config: Labels.NONE if config.label_width is None else None,
)
