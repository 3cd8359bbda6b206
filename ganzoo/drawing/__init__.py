"""Figures as files: a canvas of pictures, lines and words, written as PNG or SVG. Needs no torch."""
