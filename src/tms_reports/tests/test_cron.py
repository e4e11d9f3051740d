from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tms_core.invalid_values import InvalidValueError
from tms_reports.schedules.cron import check_cron, next_run

BERLIN = ZoneInfo("Europe/Berlin")
# The clock goes forward on 2025-03-30 and back on 2025-10-26.
SPRING = datetime(2025, 3, 29, 12, tzinfo=UTC)
AUTUMN = datetime(2025, 10, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize("expression", ["0 8 * * MON", "30 7 1,15 * *", "0 * * * *", "15 */2 * * 1-5", "0 9 LW * *"])
def test_times_at_least_an_hour_apart_are_accepted(expression):
    check_cron(expression)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("", "bad_cron"),
        ("0 8 * *", "bad_cron"),
        ("0 0 8 * * MON", "bad_cron"),
        ("61 8 * * *", "bad_cron"),
        ("0 8 * * FUN", "bad_cron"),
        ("@daily", "bad_cron"),
        ("0 8 30 2 *", "bad_cron"),
        ("* * * * *", "cron_too_frequent"),
        ("0,30 8 * * MON", "cron_too_frequent"),
        ("*/59 * * * *", "cron_too_frequent"),
    ],
)
def test_other_expressions_are_rejected(expression, code):
    with pytest.raises(InvalidValueError) as caught:
        check_cron(expression)

    assert caught.value.code.name == code


def test_a_time_of_the_day_stays_when_the_clock_changes():
    for now in (SPRING, AUTUMN):
        run = next_run("0 8 * * *", BERLIN, now)
        following = next_run("0 8 * * *", BERLIN, run)

        assert [one.astimezone(BERLIN).hour for one in (run, following)] == [8, 8]


def test_a_skipped_time_comes_late_and_a_repeated_one_once():
    skipped = next_run("30 2 * * *", BERLIN, SPRING)
    repeated = next_run("30 2 * * *", BERLIN, AUTUMN)

    assert skipped == datetime(2025, 3, 30, 1, tzinfo=UTC)
    assert next_run("30 2 * * *", BERLIN, repeated) - repeated > timedelta(hours=23)


def test_the_next_time_is_later_than_now_in_a_repeated_hour():
    second_pass = datetime(2025, 10, 26, 1, 5, tzinfo=UTC)

    run = next_run("30 2 * * *", BERLIN, second_pass)

    assert run == datetime(2025, 10, 27, 1, 30, tzinfo=UTC)
