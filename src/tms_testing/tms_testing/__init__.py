"""Test support: pytest fixtures, processes, and a system under faults."""
