"""The check of the report database by `tms doctor`."""

import pytest
from pydantic import SecretStr

from tms_core.doctor import Level
from tms_reports.doctor import check_counters, check_database, judge
from tms_reports.settings import ReportSettings
from tms_reports.sink import ReportCountersSink


@pytest.fixture
def findings(runtime, monkeypatch):
    """The findings for a report database at this URL; None means the main database."""

    def check(url):
        settings = ReportSettings(database_url=url and SecretStr(url))
        monkeypatch.setitem(runtime.groups, ReportSettings, settings)
        return [(finding.level, finding.sentence) for finding in check_database(runtime)]

    return check


def test_the_main_database_is_fine(findings):
    assert findings(None) == [(Level.OK, "reports use the main database")]


def test_an_unreachable_replica_is_reported_without_its_password(findings):
    [(level, sentence)] = findings("postgresql://tms:hush@127.0.0.1:1/tms")

    assert level is Level.BAD
    assert "127.0.0.1:1" in sentence
    assert "tms.reports.database_url" in sentence
    assert "hush" not in sentence


def test_a_primary_instead_of_a_replica_is_a_warning(findings, runtime):
    [(level, sentence)] = findings(runtime.core.database)

    assert level is Level.WARNING
    assert "not a replica" in sentence


def test_a_replica_that_is_behind_is_a_warning():
    levels = [judge("there", is_replica=True, seconds_behind=seconds).level for seconds in (0, 59, 600)]

    assert levels == [Level.OK, Level.OK, Level.WARNING]


def test_counters_that_are_not_complete_are_a_warning(runtime, monkeypatch):
    before = list(check_counters(runtime))
    ReportCountersSink(runtime).prepare()
    built = list(check_counters(runtime))
    monkeypatch.setitem(runtime.groups, ReportSettings, ReportSettings(counters="personal"))
    unfit = list(check_counters(runtime))
    monkeypatch.setitem(runtime.groups, ReportSettings, ReportSettings(counters="off"))
    off = list(check_counters(runtime))

    levels = [[finding.level for finding in findings] for findings in (before, built, unfit, off)]
    assert levels == [[Level.WARNING], [Level.OK], [Level.WARNING], [Level.OK]]
    assert "tms report --rebuild" in before[0].sentence
