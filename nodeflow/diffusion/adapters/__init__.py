"""Small files that change a model's weights: LoRA and its relatives, read by name and applied."""
