"""Registry: the parts of all installed plugins."""
