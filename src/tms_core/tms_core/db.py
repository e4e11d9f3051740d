"""Engines and sessions: bounded pools, one for transactions and one for single statements in autocommit mode."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg2
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from tms_core.dropped_connections import input_of, is_dropped
from tms_core.settings import CoreSettings

# TCP keepalives (in seconds) for both ends, to detect a host that has vanished: otherwise the server would keep the
# leader lock of a vanished relay for hours. Unix sockets ignore them.
KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


def create_database_engine(
    settings: CoreSettings,
    *,
    url: str | None = None,
    pool_size: int | None = None,
    statement_timeout: float | None = None,
    **options: Any,
) -> Engine:
    """Return an engine with a pool of at most `pool_size` connections (default: the setting), all in UTC. Statements
    are cancelled after `statement_timeout` seconds (default: the setting). `options` are passed to SQLAlchemy.

    `pool_pre_ping` is off, since it costs a round trip: a request that gets a dropped connection is retried instead.
    """
    milliseconds = _milliseconds(statement_timeout or settings.database_statement_timeout)
    own = {"timezone": "UTC", "statement_timeout": milliseconds, "lock_timeout": 5000, "jit": "off"}
    theirs = {f"tcp_{name}": value for name, value in KEEPALIVES.items()}
    engine = create_engine(
        (url or settings.database).replace("postgresql://", "postgresql+psycopg2://", 1),
        pool_size=pool_size or settings.database_pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_recycle=1800,
        pool_use_lifo=True,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={
            "connect_timeout": 3,
            "application_name": os.environ.get("PGAPPNAME", "tms"),
            "options": " ".join(f"-c {name}={value}" for name, value in (own | theirs).items()),
            **KEEPALIVES,
        },
        **options,
    )
    event.listen(engine, "connect", _json_by_orjson)
    return engine


def create_autocommit_engine(settings: CoreSettings) -> Engine:
    """Return an engine for single statements: each commits by itself and is cancelled after `tms.reads.timeout`.

    Its own pool keeps mode and limit on the connections. A connection of a shared pool would need two more statements
    per use to change and restore its mode.
    """
    engine = create_database_engine(
        settings,
        statement_timeout=settings.read_timeout,
        isolation_level="AUTOCOMMIT",
        # No transaction is left to roll back.
        pool_reset_on_return=None,
        skip_autocommit_rollback=True,
    )
    event.listen(engine, "checkout", _replace_dropped)
    return engine


def _replace_dropped(dbapi_connection: Any, _record: Any, _proxy: Any) -> None:
    """Make the pool replace a connection that the server has closed, without a round trip."""
    if dbapi_connection.closed or is_dropped(input_of(dbapi_connection)):
        raise DisconnectionError("The server has closed the connection.")


def with_statement_timeout(engine: Engine, seconds: float) -> Engine:
    """Return an engine on the same pool that cancels each statement after `seconds`. The limit is sent with the
    statement, so it needs no round trip and does not stay on the connection. Not for statements that cannot run in a
    transaction."""
    limited: Engine = engine.execution_options()
    prefix = f"SET LOCAL statement_timeout = {_milliseconds(seconds)}; "

    def limit(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> tuple[str, Any]:
        return prefix + statement, parameters

    event.listen(limited, "before_cursor_execute", limit, retval=True)
    return limited


def _milliseconds(seconds: float) -> int:
    # 0 means no limit to PostgreSQL.
    return max(1, int(seconds * 1000))


def _json_by_orjson(dbapi_connection: Any, _record: Any) -> None:
    # Otherwise psycopg2 parses jsonb with the standard library before SQLAlchemy receives it.
    import psycopg2.extras

    psycopg2.extras.register_default_jsonb(dbapi_connection, loads=orjson.loads)


def create_session_factory(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine, expire_on_commit=False, autoflush=False)


@contextmanager
def transaction(factory: sessionmaker[Session]) -> Iterator[Session]:
    """Yield a session that commits at the end of the block and rolls back if the block raises."""
    with factory() as session, session.begin():
        yield session


def is_away(error: DBAPIError) -> bool:
    """Return whether the server or the connection has failed, rather than the statement.

    If the server dies during a statement, psycopg2 may raise a bare DatabaseError.
    """
    return isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated


def sqlalchemy_error(error: psycopg2.Error, statement: str | None, *, is_broken: bool) -> BaseException:
    """Return an error of psycopg2 as SQLAlchemy raises it, without parameters, which may be confidential."""
    return DBAPIError.instance(
        statement, None, error, psycopg2.Error, hide_parameters=True, connection_invalidated=is_broken
    )
