"""Face data sets."""
