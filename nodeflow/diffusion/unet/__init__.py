"""The cross-attention UNet that predicts noise (or velocity)."""
