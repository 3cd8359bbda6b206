"""Figures of `ganzoo explore`, one a file, drawn from trained networks and their logs."""
