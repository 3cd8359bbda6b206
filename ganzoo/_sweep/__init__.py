"""Sweeps: recipes × settings × seeds as cells, each a run folder, computed here, by workers or on a cluster."""
