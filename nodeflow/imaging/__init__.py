"""Pixel work that is neither a node nor a network: resizing, picture files, masks."""
