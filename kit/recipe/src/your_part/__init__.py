"""Recipes of your-part: TOML files in the folder recipes."""
