"""One transaction per request: `request.db` joins it, pyramid_tm ends it, pyramid_retry retries it. That of a safe
method is rolled back.

A request that needs a single statement executes it by `request.single_statements` instead, without a transaction.
"""

from pyramid_retry import mark_error_retryable
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session
from zope.sqlalchemy.datamanager import STATUS_CHANGED, join_transaction

from tms_core.list_cache_version import announce, announcer
from tms_core.single_statements import SingleStatements
from tms_core.web.body_failures import KEY, LEFT, log_departure

ATTEMPTS = 3
MAX_DISCARDED = 16 << 20
CHUNK = 65536
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def attempts(request) -> int:
    """Return the number of attempts for a request, after buffering its body in memory for retries.

    A body above the limit is not buffered and gets one attempt, in which it is rejected.
    """
    limit, length = request.registry.tms.core.body_limit, request.content_length
    if (length or 0) > limit:
        _discard(request, length)
        return 1
    request.request_body_tempfile_limit = limit + 1
    try:
        _buffer_body(request, length, limit)
    except OSError:
        # Some servers call the application before the body is complete; they or WebOb raise if the rest is missing.
        log_departure(request.environ)
        request.body = b""
        request.environ[KEY] = LEFT
    return ATTEMPTS


def _buffer_body(request, length: int | None, limit: int) -> None:
    if length is None and request.is_body_readable:
        body = _read(request.body_file_raw, limit + 1)
        if len(body) > limit:
            _discard(request, MAX_DISCARDED)
        request.body = body
    request.make_body_seekable()


def _read(stream, size: int) -> bytes:
    found = b""
    while len(found) < size and (part := stream.read(size - len(found))):
        found += part
    return found


def _discard(request, size: int) -> None:
    """Read and discard up to `size` bytes of the body, at most `MAX_DISCARDED`.

    A client that is still sending when the response arrives may see a broken connection instead. A client that sent
    `Expect: 100-continue` is not read from, because reading would make the server ask for the body.
    """
    left = 0 if "HTTP_EXPECT" in request.environ else min(size, MAX_DISCARDED)
    while left > 0 and (part := request.body_file_raw.read(min(left, CHUNK))):
        left -= len(part)


def may_write(request) -> bool:
    """Return whether the request gets a transaction manager; safe methods write nothing, so there is nothing to end."""
    return request.method not in SAFE


def _session(request) -> Session:
    runtime = request.registry.tms
    if not may_write(request):
        session = runtime.sessions(bind=runtime.limited_engine)
        request.add_finished_callback(lambda _request: session.close())
        return session
    session = runtime.sessions()
    # STATUS_CHANGED, because committing an unchanged session costs no more than rolling it back. `join_transaction` is
    # called directly because the listeners of `register` take a tenth of a short request's time.
    join_transaction(session, initial_state=STATUS_CHANGED, transaction_manager=request.tm)
    return session


def _autocommit_connection(request) -> Connection:
    """Return a connection in autocommit mode for reads; each statement sees the latest committed data."""
    connection = request.registry.tms.autocommit_engine.connect()
    request.add_finished_callback(lambda _request: connection.close())
    return connection


def _single_statements(request) -> SingleStatements:
    """Return the executor of single statements, which is faster than `autocommit_connection` for constant SQL."""
    statements: SingleStatements = request.registry.tms.single_statements
    return statements


def _has_transaction(request) -> bool:
    """Return whether the request uses a transaction, in which its further writes belong."""
    return "db" in request.__dict__


def _retry_when_disconnected(context) -> None:
    """Mark the error retryable if the server had dropped a pooled connection.

    An error at COMMIT (no statement) is not retried, because the transaction may have been committed.
    """
    if context.is_disconnect and context.statement is not None and context.sqlalchemy_exception is not None:
        mark_error_retryable(context.sqlalchemy_exception)


def includeme(config):
    config.add_request_method(_session, "db", reify=True)
    config.add_request_method(_autocommit_connection, "autocommit_connection", reify=True)
    config.add_request_method(_single_statements, "single_statements", reify=True)
    config.add_request_method(_has_transaction, "has_transaction", property=True)
    runtime = config.registry.tms
    config.registry.announce_commit = announcer(lambda: announce(runtime.direct_redis_long_timeout))
    for engine in (runtime.engine, runtime.autocommit_engine):
        event.listen(engine, "handle_error", _retry_when_disconnected)
