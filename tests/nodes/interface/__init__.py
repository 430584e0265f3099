"""What is expected of built-in nodes: (inputs with types and defaults, outputs) by their id."""

from tests.nodes.interface import conditioning, latents, models, pictures, sampling, values

INTERFACE = {
    **conditioning.NODES,
    **latents.NODES,
    **models.NODES,
    **pictures.NODES,
    **sampling.NODES,
    **values.NODES,
}
