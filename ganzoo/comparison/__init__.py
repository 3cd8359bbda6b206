"""Run records as comparable tables; imports neither torch nor the registry."""
