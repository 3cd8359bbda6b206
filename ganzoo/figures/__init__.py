"""Figures: looking at a finished generator."""
