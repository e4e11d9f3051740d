"""The retry policy and Retry-After."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tms_client import RetryPolicy
from tms_client.errors import retry_after


def test_pauses_double_up_to_the_maximum_with_jitter():
    policy = RetryPolicy(min_backoff=1, max_backoff=10)

    for failures, longest in ((1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (1000, 10)):
        pauses = [policy.pause(failures) for _ in range(50)]
        assert all(longest / 2 <= pause <= longest for pause in pauses)
        assert len(set(pauses)) > 1


def test_a_retry_never_precedes_retry_after():
    assert all(30 < RetryPolicy().pause(1, retry_after=30) < 31 for _ in range(50))


@pytest.mark.parametrize("values", [{"attempts": 0}, {"min_backoff": -1}, {"total_seconds": -1}])
def test_an_invalid_policy_is_a_value_error(values):
    with pytest.raises(ValueError, match="attempts must be"):
        RetryPolicy(**values)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
        ("²", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_seconds(value, seconds):
    assert retry_after({"Retry-After": value}) == seconds


def test_a_retry_date_is_relative_to_the_servers_clock():
    date = datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)

    def waited(later):
        then = format_datetime(date + timedelta(seconds=later), usegmt=True)
        return retry_after({"Retry-After": then, "Date": format_datetime(date, usegmt=True)})

    assert (waited(7), waited(-7)) == (7, 0)


def test_a_retry_date_is_relative_to_the_local_clock_without_a_date_header():
    value = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)

    assert 3500 < retry_after({"Retry-After": value}) <= 3600


def test_a_response_without_retry_after_has_none():
    assert retry_after({}) is None
