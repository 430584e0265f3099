"""The driver that owns the sampling loop, and what the sampler nodes call."""
