"""Models mixed with one another, and written as files."""
