"""A seed for each image of a batch."""

from dataclasses import replace
from typing import Annotated

from nodeflow.node import Multiline, node
from nodeflow.values import Latent


@node("SetLatentBatchSeeds", category="latent/batch", display_name="Set Latent Batch Seeds")
def set_latent_batch_seeds(samples: Latent, seeds: Annotated[str, Multiline()] = "0") -> Latent:
    """Draw each image of a batch as if it were alone with its own seed.

    The sampler's seed is then not used.

    Args:
        samples: the batch.
        seeds: whole numbers, with anything between them; after the last one they count on.
    """
    from nodeflow.diffusion.noise import written_seeds

    return replace(samples, seeds=written_seeds(seeds, len(samples.samples)))
