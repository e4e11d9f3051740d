"""One request, one transaction: `request.db` joins it, pyramid_tm ends it, pyramid_retry repeats it if that helps."""

from pyramid_retry import mark_error_retryable
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session
from zope.sqlalchemy.datamanager import STATUS_CHANGED, join_transaction

from tms_core.web.body_faults import KEY, LEFT, log_departure

ATTEMPTS = 3
MAX_DISCARDED = 16 << 20
CHUNK = 65536
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def attempts(request) -> int:
    """A body is kept in memory for the next attempt; of one that is too long no more is read than shows that."""
    limit = request.registry.tms.core.body_limit
    if (request.content_length or 0) > limit:
        _discard(request, request.content_length)
        return 1
    request.request_body_tempfile_limit = limit + 1
    try:
        _take_in(request, limit)
    except OSError:
        # Some servers call the application before they have the body; WebOb and they raise where its rest is missing.
        log_departure(request.environ)
        request.body = b""
        request.environ[KEY] = LEFT
    return ATTEMPTS


def _take_in(request, limit: int) -> None:
    if request.content_length is None and request.is_body_readable:
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
    """Read on, up to a bound: who still sends while the answer comes sees a broken connection in its stead.

    Not where the client waits to be told to send (`Expect: 100-continue`): reading would tell it.
    """
    left = 0 if "HTTP_EXPECT" in request.environ else min(size, MAX_DISCARDED)
    while left > 0 and (part := request.body_file_raw.read(min(left, CHUNK))):
        left -= len(part)


def _session(request) -> Session:
    runtime = request.registry.tms
    session = runtime.sessions(bind=runtime.limited_engine) if request.method in SAFE else runtime.sessions()
    # «changed» from the start: a commit that has nothing to write costs what a rollback costs. Joined by hand,
    # because `register` would hang its listeners on every request's session, a tenth of a short request's time.
    join_transaction(session, initial_state=STATUS_CHANGED, transaction_manager=request.tm)
    return session


def _autocommit_connection(request) -> Connection:
    """A connection for single looks: it sees what is committed, each statement anew, and is in no transaction."""
    connection = request.registry.tms.autocommit_engine.connect()
    request.add_finished_callback(lambda _request: connection.close())
    return connection


def _retry_when_disconnected(context) -> None:
    """A connection that the server dropped while it lay in the pool: the request is tried again on a new one.

    Not at COMMIT (no statement): there nobody knows whether it was done.
    """
    if context.is_disconnect and context.statement is not None and context.sqlalchemy_exception is not None:
        mark_error_retryable(context.sqlalchemy_exception)


def includeme(config):
    config.add_request_method(_session, "db", reify=True)
    config.add_request_method(_autocommit_connection, "autocommit_connection", reify=True)
    event.listen(config.registry.tms.engine, "handle_error", _retry_when_disconnected)
