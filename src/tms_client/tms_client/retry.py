"""Retries of failed requests, with exponential backoff."""

import random
from dataclasses import dataclass

import requests

from tms_client.clock import Clock
from tms_client.errors import (
    ConflictError,
    ConnectionFailedError,
    ProblemError,
    RateLimitedError,
    TmsError,
    UnavailableError,
    UntrustedServerError,
    problem_of,
)
from tms_client.transport import HttpTransport, Request

# Keeps the power from overflowing; the backoff has reached its maximum long before.
MAX_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How temporary failures are retried.

    An event stream reconnects without end: `attempts` does not apply to it, and `total_seconds` bounds the wait before
    one attempt, whatever Retry-After asks for.
    """

    #: Maximum number of attempts, including the first; 1 turns retries off.
    attempts: int = 6
    #: Seconds after the first attempt beyond which no further one is made.
    total_seconds: float = 60.0
    #: Seconds before the second attempt; doubled for each further one.
    min_backoff: float = 0.25
    #: Upper bound of the backoff, in seconds.
    max_backoff: float = 15.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or min(self.total_seconds, self.min_backoff, self.max_backoff) < 0:
            raise ValueError("attempts must be at least 1, and no time negative")

    def pause(self, failures: int, retry_after: float | None = None) -> float:
        """Return the seconds to wait after `failures` consecutive failures: exponential with random jitter, on top of
        `retry_after` where the server gave one."""
        doubled = self.min_backoff * 2.0 ** min(max(failures, 1) - 1, MAX_DOUBLINGS)
        pause = min(doubled, self.max_backoff) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        return pause if retry_after is None else retry_after + pause


class RetryingClient:
    """Retries temporary failures of requests that are safe to repeat."""

    def __init__(self, transport: HttpTransport, policy: RetryPolicy, clock: Clock):
        self._transport = transport
        self._policy = policy
        self._clock = clock

    def send(self, request: Request, token: str | None = None) -> requests.Response:
        """Return a successful response. Raises the `ProblemError` or `ConnectionFailedError` of the last attempt."""
        deadline = self._clock.now() + self._policy.total_seconds
        is_answer_lost = False
        tried = 0
        while True:
            tried += 1
            try:
                return self._try(request, token)
            except TmsError as error:
                if isinstance(error, ProblemError):
                    error.is_after_lost_answer = is_answer_lost
                pause = self._policy.pause(tried, error.retry_after)
                is_over = tried >= self._policy.attempts or self._clock.now() + pause > deadline
                if is_over or not may_be_repeated(request, error):
                    raise
                is_answer_lost = is_answer_lost or isinstance(error, (ConnectionFailedError, UnavailableError))
            self._clock.pause(pause)

    def _try(self, request: Request, token: str | None) -> requests.Response:
        response = self._transport.send(request, token)
        if response.status_code >= 300:
            raise problem_of(response.status_code, response.headers, response.content)
        return response


def may_be_repeated(request: Request, error: TmsError) -> bool:
    """Whether the failure is temporary and repeating the request cannot execute it twice."""
    match error:
        case UntrustedServerError():
            return False
        case RateLimitedError():
            # The request was not executed, so any method may be repeated.
            return True
        case ConflictError():
            # The first request with the same Idempotency-Key is still running.
            return request.is_repeatable and error.retry_after is not None
        case ConnectionFailedError() | UnavailableError():
            return request.is_repeatable
    return False
