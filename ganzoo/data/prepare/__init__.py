"""Preparation: from sources to packs."""
