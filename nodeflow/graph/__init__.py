"""The workflow document: read, write, check. Knows no nodes and imports no torch."""
