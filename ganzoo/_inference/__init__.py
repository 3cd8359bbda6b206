"""Inference: the networks of a run, built, loaded, sampled, imported, exported."""
