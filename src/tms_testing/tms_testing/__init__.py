"""Test support: pytest fixtures, processes, and a complete system for fault injection."""
