"""The routes under `/sdapi/v1` that the A1111 web UI's clients use, mapped onto workflows."""
