"""Noise levels: the model's own, and the lists that samplers walk down."""
