"""The reports besides the insight: trend, burndown, cycle time, workload and aging."""
