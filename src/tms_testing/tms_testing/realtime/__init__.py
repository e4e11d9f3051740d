"""A whole system whose parts are killed and started again amid traffic, and clients that come back to it.

Tests and bench/faults.py share it. `system` has the parts, `traffic` what goes on between them, `faults` what happens
to them, and `oracle` what each client should have received, computed from the database alone.
"""
