"""The command line: one command a file; each parses, calls one core function, and renders."""
