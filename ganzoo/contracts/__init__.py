"""Contracts: the parts of an experiment, as types; a page each. Plugins import their names from `ganzoo`."""
