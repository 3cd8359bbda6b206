"""Augmentations in front of the discriminator."""
