"""StyleGAN (arXiv:1812.04948)."""
