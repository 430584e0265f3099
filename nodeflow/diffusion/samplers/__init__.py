"""Samplers as generators: each yields what it wants denoised and never owns the loop."""
