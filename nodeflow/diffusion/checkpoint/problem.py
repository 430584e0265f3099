"""What is wrong with a weights file."""


class CheckpointError(Exception):
    """A weights file that cannot be used; the message says what was found in it."""
