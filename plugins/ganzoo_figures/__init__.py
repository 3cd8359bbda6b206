"""Figures of `ganzoo explore`, one a file: what a finished network learned, and what it knows."""
