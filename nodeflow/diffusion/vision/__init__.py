"""CLIP's image encoder."""
