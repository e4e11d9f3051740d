"""When to try again after a connection could not be made or was lost."""

from tms_client.clock import Clock
from tms_client.errors import ConnectionFailedError, ProblemError, TmsError, UntrustedServerError
from tms_client.retry import RetryPolicy

TOO_MANY_MESSAGES = 1008
TRY_AGAIN_LATER = 1013
SIGNED_OUT = 4401
# Before one comes back to a server that said it had enough for now.
LATER = 2.0
REQUEST_TIMEOUT = 408
TOO_MANY_REQUESTS = 429


class ReconnectPolicy:
    """Counts failures until there is progress: something came, or the connection held for a while."""

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
        """Seconds to wait; hardly any after a server that restarts or a token that ended."""
        if self._opened_at is not None and self._clock.now() - self._opened_at > self._policy.max_backoff:
            self._failures = 0
        return self._pause(LATER if code in (TOO_MANY_MESSAGES, TRY_AGAIN_LATER) else None)

    def after_error(self, error: TmsError) -> float:
        """Seconds to wait. Raises the error where waiting would not help."""
        if not may_pass(error):
            raise error
        return self._pause(error.retry_after)

    def _pause(self, retry_after: float | None) -> float:
        self._failures += 1
        asked_for = None if retry_after is None else min(retry_after, self._policy.total_seconds)
        return self._policy.pause(self._failures, asked_for)


def may_pass(error: TmsError) -> bool:
    """Whether it may be otherwise later though nobody here does anything."""
    if isinstance(error, ProblemError):
        return error.status >= 500 or error.status in (REQUEST_TIMEOUT, TOO_MANY_REQUESTS)
    return isinstance(error, ConnectionFailedError) and not isinstance(error, UntrustedServerError)
