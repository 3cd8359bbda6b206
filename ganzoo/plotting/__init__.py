"""Plotting: canvas, charts, panels, video."""
