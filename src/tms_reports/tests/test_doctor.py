"""What `tms doctor` says about the reports' database."""

import pytest
from pydantic import SecretStr

from tms_core.doctor import Level
from tms_reports.doctor import check_database, judge
from tms_reports.settings import ReportSettings


@pytest.fixture
def findings(runtime, monkeypatch):
    """The findings where reports count on the database of a URL."""

    def check(url):
        settings = ReportSettings(database_url=url and SecretStr(url))
        monkeypatch.setitem(runtime.groups, ReportSettings, settings)
        return [(finding.level, finding.sentence) for finding in check_database(runtime)]

    return check


def test_without_a_replica_all_is_well(findings):
    assert findings(None) == [(Level.OK, "count on the main database")]


def test_a_replica_that_does_not_answer_is_named_without_its_password(findings):
    [(level, sentence)] = findings("postgresql://tms:hush@127.0.0.1:1/tms")

    assert level is Level.BAD
    assert "127.0.0.1:1" in sentence
    assert "tms.reports.database_url" in sentence
    assert "hush" not in sentence


def test_a_primary_in_the_place_of_a_replica_is_said(findings, runtime):
    [(level, sentence)] = findings(runtime.core.database)

    assert level is Level.WARNING
    assert "no replica" in sentence


def test_a_replica_that_is_behind_is_said():
    levels = [judge("there", is_replica=True, seconds_behind=seconds).level for seconds in (0, 59, 600)]

    assert levels == [Level.OK, Level.OK, Level.WARNING]
