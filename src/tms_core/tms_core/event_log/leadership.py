"""Leader election of relays by a PostgreSQL advisory lock, held as long as its connection."""

from sqlalchemy import Connection, text

LOCK = 7_305_310_003


def try_to_lead(connection: Connection) -> bool:
    """Acquire the lock for the lifetime of this connection; returns False if another relay holds the lock. Commits, so
    that no transaction stays open."""
    leads = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}))
    connection.commit()
    return leads


def is_led(connection: Connection) -> bool:
    """Return whether a relay of this database holds the lock."""
    found = connection.scalar(
        text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND classid = (CAST(:key AS bigint) >> 32)::oid AND objid = (CAST(:key AS bigint) & 4294967295)::oid"
        ),
        {"key": LOCK},
    )
    return bool(found)
