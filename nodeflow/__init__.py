"""nodeflow: a typed node-graph workflow system for Stable Diffusion."""

__version__ = "0.1.0"
