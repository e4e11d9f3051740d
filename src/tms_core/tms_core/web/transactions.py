"""One request, one transaction: `request.db` joins it, pyramid_tm ends it, pyramid_retry repeats it if that helps."""

import zope.sqlalchemy
from pyramid_retry import mark_error_retryable
from sqlalchemy import event
from sqlalchemy.orm import Session

ATTEMPTS = 3


def attempts(request) -> int:
    return ATTEMPTS


def _session(request) -> Session:
    session = request.registry.tms.sessions()
    # «changed» from the start: Core statements are invisible to the session, and a commit that has nothing to
    # write costs what a rollback costs.
    zope.sqlalchemy.register(session, initial_state="changed", transaction_manager=request.tm)
    return session


def _retry_when_disconnected(context) -> None:
    """A connection that the server dropped while it lay in the pool: the request is tried again on a new one.

    Not at COMMIT (no statement): there nobody knows whether it was done.
    """
    if context.is_disconnect and context.statement is not None and context.sqlalchemy_exception is not None:
        mark_error_retryable(context.sqlalchemy_exception)


def includeme(config):
    config.add_request_method(_session, "db", reify=True)
    event.listen(config.registry.tms.engine, "handle_error", _retry_when_disconnected)
