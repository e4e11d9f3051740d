"""Finds idle connections that the server has closed."""

import select
from typing import Any


def is_dropped(poll: select.poll) -> bool:
    """Return whether the server has closed an idle connection, without a round trip; `poll` waits for its input.

    An idle connection has nothing to receive, except the server's farewell and the end of the stream.
    """
    return bool(poll.poll(0))


def input_of(dbapi_connection: Any) -> select.poll:
    """Return a poll object for what a connection receives."""
    poll = select.poll()
    poll.register(dbapi_connection.fileno(), select.POLLIN)
    return poll
