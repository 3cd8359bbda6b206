"""Leaderboards: records to ranked tables; plain data, without torch or plugins."""
