"""Scores: their protocol, features, metrics, and standard errors."""
