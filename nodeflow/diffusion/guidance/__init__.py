"""From conditioning to one denoised latent: areas, masks, times, classifier-free guidance."""
