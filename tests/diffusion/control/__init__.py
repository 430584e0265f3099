"""Tests of networks that steer."""
