"""Processes and their ports, as the operating system sees them."""
