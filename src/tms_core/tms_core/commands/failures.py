"""Conversion of expected errors of commands to messages with a remedy; bugs keep their traceback."""

import psycopg2.errors
import redis
from alembic.util import CommandError
from click import ClickException
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError

from tms_core.errors import TmsError
from tms_core.runtime import Runtime

UNMIGRATED = (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn, psycopg2.errors.UndefinedObject)
NOT_ALLOWED = (psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ReadOnlySqlTransaction)
# SQLSTATE class XX: internal errors, which PostgreSQL raises for damaged files.
DAMAGED = "XX"


def explain(error: Exception, runtime: Runtime | None) -> ClickException | None:
    """Return the error to end a command with; None for an unexpected error."""
    match error:
        case TmsError():
            return ClickException(str(error))
        case CommandError():
            return ClickException(f"the migrations cannot be run: {_first_line(error)}")
        case DBAPIError():
            return _about_database(error, runtime)
        case redis.RedisError():
            hint = _is_up_running(runtime.core.redis_url) if runtime else ""
            return ClickException(
                f"redis does not answer (tms.redis_url, or TMS_REDIS_URL): {_first_line(error)}.{hint}"
            )
        case OSError() if error.strerror:
            name = f"{error.filename}: " if error.filename else ""
            return ClickException(f"{name}{error.strerror}")
    return None


def _about_database(error: DBAPIError, runtime: Runtime | None) -> ClickException | None:
    message = _first_line(error.orig or error)
    code = getattr(error.orig, "pgcode", None) or ""
    if isinstance(error.orig, UNMIGRATED):
        return ClickException(f"the database is not up to date ({message}): run tms migrate")
    if isinstance(error.orig, NOT_ALLOWED):
        return ClickException(
            f"the database does not allow it ({message}): let its user (tms.database_url) own the tables"
        )
    if code.startswith(DAMAGED):
        return ClickException(f"the database is damaged ({message}): {damaged_advice(runtime)}")
    if not isinstance(error, OperationalError | InterfaceError | InternalError):
        return None
    if runtime is None:
        return ClickException(f"the database does not answer: {message}")
    where = runtime.engine.url.render_as_string(hide_password=True)
    return ClickException(
        f"the database does not answer at {where}: {message}.{_is_up_running(runtime.core.database_url)}"
    )


def damaged_advice(runtime: Runtime | None) -> str:
    """Return the remedy for a database with damaged files."""
    if runtime is None or runtime.core.database_url:
        return "restore a backup"
    return f"restore a backup, or move {runtime.core.state_dir / 'postgres'} away and begin with an empty one"


def _is_up_running(url: object) -> str:
    return "" if url else " Is `tms up` running?"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
