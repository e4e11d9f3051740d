"""Where accounts with a password that everybody knows may be created."""

from tms_core.runtime import Runtime

NOT_EMBEDDED = (
    "the demo has an administrator whose password everybody knows, so it is for the embedded database in development "
    "only: take tms.database_url (TMS_DATABASE_URL) out, or add tasks without that account with tms demo-data"
)


def has_private_database(runtime: Runtime) -> bool:
    """Return whether the database is the embedded one, in development."""
    return runtime.core.environment == "development" and runtime.core.database_url is None
