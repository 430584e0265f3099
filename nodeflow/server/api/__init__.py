"""The resources of /api/v1, a file each."""
