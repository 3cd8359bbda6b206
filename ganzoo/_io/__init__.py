"""Input and output: files written whole, locks, grids, errors of the disk."""
