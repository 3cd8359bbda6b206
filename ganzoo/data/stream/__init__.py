"""Streams: endless, resumable batches of reals."""
