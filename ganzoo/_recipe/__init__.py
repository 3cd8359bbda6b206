"""Recipes: read, checked as a whole, hashed."""
