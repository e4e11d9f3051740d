"""One relay leads, others stand by: a PostgreSQL advisory lock that lives as long as its connection."""

from sqlalchemy import Connection, text

LOCK = 7_305_310_003


def try_to_lead(connection: Connection) -> bool:
    """Take the lock for this connection's life, if nobody has it. Commits, so that no transaction stays open."""
    leads = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}))
    connection.commit()
    return leads


def is_led(connection: Connection) -> bool:
    """Whether any relay of this database holds the lock now."""
    found = connection.scalar(
        text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND classid = (CAST(:key AS bigint) >> 32)::oid AND objid = (CAST(:key AS bigint) & 4294967295)::oid"
        ),
        {"key": LOCK},
    )
    return bool(found)
