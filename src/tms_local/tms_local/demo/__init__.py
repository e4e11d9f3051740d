"""Demo data for evaluation and benchmarks: plausible users and tasks of a team, reproducible by seed."""
