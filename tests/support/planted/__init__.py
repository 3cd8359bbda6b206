"""Planted bugs: parts as a student would write them, each with one fault, and beside each a sound twin."""
