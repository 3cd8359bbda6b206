"""Start: from one's own images to a recipe, and the recipes that ship."""
