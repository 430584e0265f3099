"""CLIP: tokens, text transformer, weighted and long prompts."""
