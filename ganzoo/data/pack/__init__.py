"""Packs: prepared images on disk."""
