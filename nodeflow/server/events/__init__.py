"""Events: numbered, durable, and sent to whoever listens."""
