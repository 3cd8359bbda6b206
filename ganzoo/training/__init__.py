"""The one training loop, and what happens around it."""
