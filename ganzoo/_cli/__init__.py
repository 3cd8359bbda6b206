"""Command line: one command a file; parse, call one function, render."""
