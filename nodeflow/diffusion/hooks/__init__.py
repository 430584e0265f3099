"""Weights that prompts change, in their regions and parts of the sampling."""
