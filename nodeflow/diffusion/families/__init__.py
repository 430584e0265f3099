"""The model families: how each is told from its UNet's sizes, and what goes with it."""
