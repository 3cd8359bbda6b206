"""Kit: a package for a part of one's own, written by `ganzoo new`, that passes its tests at once."""
