"""Images: found, decoded, resized, windowed."""
