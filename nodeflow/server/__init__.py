"""The server: HTTP and websocket in one process without torch, work in others."""
