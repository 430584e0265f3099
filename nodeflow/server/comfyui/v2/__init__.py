"""API v2 of newer clients: jobs and assets as resources under `/api/v2`."""
