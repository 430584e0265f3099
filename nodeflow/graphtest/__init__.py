"""Tests of workflows, written beside them as `*.test.yaml`."""
