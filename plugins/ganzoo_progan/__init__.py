"""ProGAN (arXiv:1710.10196)."""
