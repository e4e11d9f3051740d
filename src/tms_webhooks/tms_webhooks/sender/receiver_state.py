"""The state of a webhook's receiver: failures in a row, and until when it gets nothing."""

from dataclasses import dataclass
from datetime import datetime

from tms_webhooks.models import DisabledReason
from tms_webhooks.sender.client import Answer
from tms_webhooks.sender.retry_policy import MAX_FAILURES, RetryPolicy
from tms_webhooks.sender.work import EndpointState


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """The state of a webhook after an attempt, to be recorded. `failures` is 0 after a success."""

    webhook_id: int
    url: str
    failures: int
    failing_since: datetime | None = None
    error: str | None = None
    paused_until: datetime | None = None
    disabled: DisabledReason | None = None


class ReceiverState:
    """What the attempts of one worker tell of the receiver at one URL."""

    def __init__(self, policy: RetryPolicy, webhook_id: int, url: str = ""):
        self.url = url
        self.has_succeeded = False
        self.failures = 0
        self._policy = policy
        self._webhook_id = webhook_id
        self._failing_since: datetime | None = None
        # Set by a failure that ends the worker; those that were under way with it count as the same one.
        self._paused_until: datetime | None = None
        # What the receiver has asked for, which the success of another request does not end.
        self._asked_until: datetime | None = None

    @property
    def is_down(self) -> bool:
        return self.failures >= MAX_FAILURES

    def restore(self, endpoint: EndpointState) -> None:
        """Go on from what is recorded."""
        self.failures, self._failing_since = endpoint.failures, endpoint.failing_since

    def succeeded(self) -> EndpointChange | None:
        had_failed = self.failures > 0
        self.failures, self._failing_since, self._paused_until = 0, None, self._asked_until
        self.has_succeeded = True
        return EndpointChange(self._webhook_id, self.url, 0, paused_until=self._asked_until) if had_failed else None

    def failed(self, answer: Answer, now: datetime) -> EndpointChange:
        self._failing_since = self._failing_since or now
        asked, down = self._policy.asked_pause(answer, now=now), None
        if self._paused_until is None:
            self.failures += 1
            down = self._policy.down_pause(failures=self.failures, now=now)
        self._asked_until = _latest(self._asked_until, asked)
        self._paused_until = _latest(self._paused_until, asked, down)
        return EndpointChange(
            self._webhook_id,
            self.url,
            self.failures,
            self._failing_since,
            error=answer.error or f"answered {answer.status}",
            paused_until=self._paused_until,
            disabled=self._policy.disabled(answer, failing_since=self._failing_since, now=now),
        )


def _latest(*moments: datetime | None) -> datetime | None:
    return max((one for one in moments if one), default=None)
