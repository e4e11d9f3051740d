"""When a failed delivery is attempted again, and when a webhook pauses because its receiver is down."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tms_core.backoff import Backoff
from tms_webhooks.models import DisabledReason
from tms_webhooks.sender.client import Answer
from tms_webhooks.settings import WebhookSettings

# 5 s, 10 s, 20 s, … up to 2 hours.
ATTEMPTS = Backoff(5.0, 7_200.0, jitter=(0.8, 1.2))
# After so many failures in a row the receiver counts as down: from then on, one delivery at a time is attempted.
MAX_FAILURES = 5
PAUSES = Backoff(5.0, 300.0, jitter=(0.8, 1.2))
# Answers that tell the sender, and not only this message, to slow down.
OVERLOADED = frozenset({429, 503})
GONE = 410


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    give_up: timedelta
    disable_after: timedelta | None

    @classmethod
    def of(cls, settings: WebhookSettings) -> "RetryPolicy":
        disable = timedelta(days=settings.disable_days) if settings.disable_days else None
        return cls(timedelta(hours=settings.give_up_hours), disable)

    def next_attempt(self, answer: Answer, *, attempts: int, due_at: datetime, now: datetime) -> datetime | None:
        """Return when to attempt a delivery again after its failure number `attempts`; None to give it up."""
        if answer.status == GONE:
            return None
        wait = max(ATTEMPTS.pause(attempts), answer.retry_after or 0.0)
        at = now + timedelta(seconds=wait)
        return at if at <= due_at + self.give_up else None

    def down_pause(self, *, failures: int, now: datetime) -> datetime | None:
        """Return until when to send the webhook nothing, after so many failures in a row; None for no pause."""
        if failures < MAX_FAILURES:
            return None
        return now + timedelta(seconds=PAUSES.pause(failures - MAX_FAILURES + 1))

    def asked_pause(self, answer: Answer, *, now: datetime) -> datetime | None:
        """Return until when the receiver asks to send the webhook nothing; None if it does not."""
        if answer.status not in OVERLOADED or not answer.retry_after:
            return None
        return now + timedelta(seconds=answer.retry_after)

    def disabled(self, answer: Answer, *, failing_since: datetime, now: datetime) -> DisabledReason | None:
        """Return why to turn the webhook off after a failure; None to keep it on."""
        if answer.status == GONE:
            return DisabledReason.GONE
        if self.disable_after is not None and now - failing_since >= self.disable_after:
            return DisabledReason.FAILING
        return None
