"""Retries of failed requests."""

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
)
from tms_client.problems import problem_of
from tms_client.retry import RetryPolicy
from tms_client.transport import HttpTransport, Request


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
