"""The settings with the URLs of PostgreSQL and Redis, and the advice where one is missing."""

EXAMPLES = {"database_url": "postgresql://user:password@host:5432/name", "redis_url": "redis://host:6379/0"}


def missing_url(name: str) -> str:
    """Return the message for a server whose URL is not set and that no package runs."""
    return (
        f"tms.{name} (or TMS_{name.upper()}) must be set, as {EXAMPLES[name]}, or pyramid.includes must list tms_local "
        "(pip install tms-local), whose tms up runs an embedded server"
    )
