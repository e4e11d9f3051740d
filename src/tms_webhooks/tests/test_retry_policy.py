"""When deliveries are attempted again."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tms_webhooks.models import DisabledReason
from tms_webhooks.sender.client import Answer
from tms_webhooks.sender.retry_after import MAX_WAIT, seconds_to_wait
from tms_webhooks.sender.retry_policy import RetryPolicy
from tms_webhooks.settings import WebhookSettings

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
POLICY = RetryPolicy.of(WebhookSettings())
FAILURE = Answer(10, 500)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None), ("", None), ("soon", None), ("-5", None), ("1.5", None), ("120", 120.0), ("0", 0.0),
        ("999999", MAX_WAIT), ("Mon, 01 Mar 2027 12:01:00 GMT", 60.0), ("Mon, 01 Mar 2027 11:00:00 GMT", 0.0),
        ("Mon, 01 Mar 2029 11:00:00 GMT", MAX_WAIT), ("9" * 1000, None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None), ("Mon, 01 Mar 2027 12:01:00 +" + "9" * 20, None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", MAX_WAIT), ("Mon, 01 Jan 0001 00:00:00 +2359", 0.0),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_a_date_up_to_an_hour(header, seconds):
    assert seconds_to_wait(header, now=NOW) == seconds


def test_pauses_grow_until_a_day_after_the_first_attempt():
    now, attempts, pauses = NOW, 0, []
    while (next_attempt := POLICY.next_attempt(FAILURE, attempts=attempts + 1, due_at=NOW, now=now)) is not None:
        attempts += 1
        pauses.append((next_attempt - now).total_seconds())
        now = next_attempt

    assert 4 <= pauses[0] <= 6
    assert all(later > earlier for earlier, later in pairwise(pauses[:9]))
    assert max(pauses) <= 1.2 * 7200
    assert timedelta(hours=21) < now - NOW <= timedelta(hours=24)


def test_a_longer_retry_after_replaces_the_pause():
    next_attempt = POLICY.next_attempt(Answer(10, 429, retry_after=1800.0), attempts=1, due_at=NOW, now=NOW)

    assert next_attempt == NOW + timedelta(seconds=1800)


def test_a_receiver_that_is_overloaded_gets_the_pause_that_it_asks_for():
    assert POLICY.asked_pause(Answer(10, 503, retry_after=60.0), now=NOW) == NOW + timedelta(seconds=60)
    assert POLICY.asked_pause(Answer(10, 429), now=NOW) is None
    assert POLICY.asked_pause(Answer(10, 500, retry_after=60.0), now=NOW) is None


def test_a_receiver_that_is_down_gets_a_pause():
    assert POLICY.down_pause(failures=4, now=NOW) is None
    first, later = (POLICY.down_pause(failures=failures, now=NOW) for failures in (5, 50))
    assert first
    assert later
    assert timedelta(seconds=4) <= first - NOW < later - NOW <= timedelta(seconds=360)


def test_a_webhook_is_turned_off_when_it_is_gone_or_has_failed_for_days():
    long_ago = NOW - timedelta(days=6)

    assert POLICY.disabled(Answer(10, 410), failing_since=NOW, now=NOW) is DisabledReason.GONE
    assert POLICY.disabled(FAILURE, failing_since=NOW, now=NOW) is None
    assert POLICY.disabled(FAILURE, failing_since=long_ago, now=NOW) is DisabledReason.FAILING
    never = RetryPolicy.of(WebhookSettings(disable_days=0))
    assert never.disabled(FAILURE, failing_since=long_ago, now=NOW) is None
