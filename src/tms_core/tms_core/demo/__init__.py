"""Data to look at and to measure with: users and tasks of a team that might exist, the same for the same seed."""
