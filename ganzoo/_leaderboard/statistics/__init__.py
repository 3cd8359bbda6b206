"""Statistics of a leaderboard: arrays in, arrays out, without records of runs or tables."""
