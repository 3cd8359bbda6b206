"""A run on disk: its folder, its record, its metrics and its checkpoints."""
