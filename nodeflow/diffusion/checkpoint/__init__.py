"""Weights files: what is in them, which model they hold, and reading it."""
