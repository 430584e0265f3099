"""Computes outputs, and only what no cache holds: keys, cache, run, explain."""
