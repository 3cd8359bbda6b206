"""Runs on disk: names, records, checkpoints, manifests."""
