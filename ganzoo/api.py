"""Verbs: what notebooks, scripts and the command line call alike."""
