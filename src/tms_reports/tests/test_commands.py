"""`tms report` in its three formats, through the `tms` command."""

import csv
import io
import logging

import orjson
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from tms_core.commands import main
from tms_core.models import Priority, Status


@pytest.fixture
def tms(ini, runtime, tmp_path, monkeypatch):
    """Runs a `tms` command on this test's system."""
    monkeypatch.setenv("TMS_INI", "")
    path = tmp_path / "test.ini"
    lines = (f"{key} = {value}".replace("\n", "\n  ").replace("%", "%%") for key, value in ini.items())
    path.write_text("\n".join(["[app:main]", "use = egg:tms-core", *lines]))
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))

    def run(*words):
        return CliRunner().invoke(main, ["--ini", str(path), *words], catch_exceptions=False)

    return run


@pytest.fixture
def some_tasks(people, add_tasks):
    ann, bob, zoe = people
    add_tasks([
        {"created_by": ann, "status": Status.COMPLETED},
        {"created_by": ann, "assigned_to": zoe, "due": -1},
        {"created_by": bob, "priority": Priority.LOW},
    ])  # fmt: skip


def test_json_is_the_answer_of_the_api(tms, some_tasks):
    result = tms("report", "--format", "json", "--threads", "2")

    report = orjson.loads(result.stdout)
    assert result.exit_code == 0
    assert (report["total"], report["completed"], report["threads"]) == (3, 1, 2)
    assert report["tasks_assigned"] == {"zoé [1]": 1}


def test_csv_has_one_number_a_row(tms, some_tasks):
    rows = list(csv.reader(io.StringIO(tms("report", "--format", "csv").stdout)))

    assert rows[:2] == [["figure", "key", "value"], ["total", "", "3"]]
    assert ["tasks_by_priority", "LOW", "1"] in rows
    assert ["tasks_created", "ann", "2"] in rows
    assert ["overdue", "", "1"] in rows


def test_names_in_csv_are_no_formulas(tms, some_tasks, runtime):
    with runtime.transaction() as session:
        session.execute(text("UPDATE users SET username = '+cmd' WHERE username = 'ann'"))

    rows = list(csv.reader(io.StringIO(tms("report", "--format", "csv").stdout)))

    assert ["tasks_created", "'+cmd", "2"] in rows


def test_the_table_names_everything(tms, some_tasks):
    output = tms("report").stdout

    for word in (
        "By status",
        "IN_PROGRESS",
        "By priority",
        "URGENT",
        "zoé [1]",
        "assigned to nobody",
        "33.3% completed",
    ):
        assert word in output


def test_the_table_of_nothing_says_so(tms):
    result = tms("report")

    assert result.exit_code == 0
    assert "none yet completed" in result.stdout


def test_more_threads_than_sensible_are_refused(tms):
    result = tms("report", "--threads", "1000")

    assert result.exit_code == 2
    assert "--threads" in result.stderr
