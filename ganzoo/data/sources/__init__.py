"""Sources of images: their format detected, what all formats share, and datasets that read any."""
