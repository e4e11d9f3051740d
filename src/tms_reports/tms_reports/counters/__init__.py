"""Kept counters: the numbers of the report, updated by the relay for every event."""
