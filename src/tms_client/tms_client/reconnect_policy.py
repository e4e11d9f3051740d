"""Backoff between connection attempts of an event stream."""

from tms_client.clock import Clock
from tms_client.errors import ConnectionFailedError, ProblemError, TmsError, UntrustedServerError
from tms_client.retry import RetryPolicy

TOO_MANY_MESSAGES = 1008
TRY_AGAIN_LATER = 1013
SIGNED_OUT = 4401
# Minimum wait, in seconds, after a server closed the connection because of overload.
LATER = 2.0
REQUEST_TIMEOUT = 408
TOO_MANY_REQUESTS = 429


class ReconnectPolicy:
    """Counts consecutive failures. A received message, or a connection that lasted for a while, resets the count."""

    def __init__(self, policy: RetryPolicy, clock: Clock):
        self._policy = policy
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None

    def opened(self) -> None:
        self._opened_at = self._clock.now()

    def progress(self) -> None:
        self._failures = 0

    def after_close(self, code: int | None) -> float:
        """Return the seconds to wait after a close; short after a server restart or an expired token."""
        if self._opened_at is not None and self._clock.now() - self._opened_at > self._policy.max_backoff:
            self._failures = 0
        return self._pause(LATER if code in (TOO_MANY_MESSAGES, TRY_AGAIN_LATER) else None)

    def after_error(self, error: TmsError) -> float:
        """Return the seconds to wait after a failed attempt; raise the error if it is permanent."""
        if not may_pass(error):
            raise error
        return self._pause(error.retry_after)

    def _pause(self, retry_after: float | None) -> float:
        self._failures += 1
        asked_for = None if retry_after is None else min(retry_after, self._policy.total_seconds)
        return self._policy.pause(self._failures, asked_for)


def may_pass(error: TmsError) -> bool:
    """Whether the error is temporary."""
    if isinstance(error, ProblemError):
        return error.status >= 500 or error.status in (REQUEST_TIMEOUT, TOO_MANY_REQUESTS)
    return isinstance(error, ConnectionFailedError) and not isinstance(error, UntrustedServerError)
