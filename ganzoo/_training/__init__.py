"""Training: one loop, its players, its callbacks."""
