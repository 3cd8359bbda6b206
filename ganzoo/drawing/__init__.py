"""Figures as files: a canvas of pictures, lines and words, written as PNG or SVG, without torch or a plotting library."""
