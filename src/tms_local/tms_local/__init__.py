"""The whole system on this machine: `tms up` with embedded PostgreSQL and Valkey, and demo data."""


def includeme(config):
    """Adds commands only, which are entry points."""
