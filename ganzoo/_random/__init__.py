"""Randomness: every number follows from (seed, purpose, position)."""
