"""Input and output: files written whole, locks, grids, what the disk said."""
