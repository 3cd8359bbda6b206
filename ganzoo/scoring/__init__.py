"""Scoring: protocol, features, metrics with standard errors."""
