"""Stable Diffusion in torch. Knows no graphs and no nodes."""
