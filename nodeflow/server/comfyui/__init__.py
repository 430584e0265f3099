"""The routes and messages that ComfyUI's clients use, on the same job core."""
