"""`tms report`: its reports and formats, and the upkeep of what is kept for them."""

import csv
import io
import logging

import orjson
import pytest
from click.testing import CliRunner
from sqlalchemy import text, update

from tms_core.commands import main
from tms_core.models import Priority, Status, Task
from tms_core.permissions import Actor
from tms_core.services.tasks import TaskService


@pytest.fixture(scope="module")
def packages():
    return ("tms_reports", "tms_local")


@pytest.fixture
def tms(ini, runtime, tmp_path, monkeypatch):
    """Runs a `tms` command on this test's system."""
    monkeypatch.setenv("TMS_INI", "")
    path = tmp_path / "test.ini"
    lines = (f"{key} = {value}".replace("\n", "\n  ").replace("%", "%%") for key, value in ini.items())
    path.write_text("\n".join(["[app:main]", "use = egg:tms-core", *lines]))
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))

    def run(*arguments):
        return CliRunner().invoke(main, ["--ini", str(path), *arguments], catch_exceptions=False)

    return run


@pytest.fixture
def some_tasks(usernames, add_tasks):
    ann, bob, zoe = usernames
    add_tasks([
        {"created_by": ann, "status": Status.COMPLETED},
        {"created_by": ann, "assigned_to": zoe, "due": -1},
        {"created_by": bob, "priority": Priority.LOW},
    ])  # fmt: skip


def test_json_is_the_response_of_the_api(tms, some_tasks):
    result = tms("report", "--format", "json", "--threads", "2")

    report = orjson.loads(result.stdout)
    assert result.exit_code == 0
    assert (report["total"], report["completed"], report["threads"]) == (3, 1, 2)
    assert report["tasks_assigned"] == {"zoé [1]": 1}


def test_csv_has_one_number_per_row(tms, some_tasks):
    rows = list(csv.reader(io.StringIO(tms("report", "--format", "csv").stdout)))

    assert rows[:2] == [["figure", "key", "value"], ["total", "", "3"]]
    assert ["tasks_by_priority", "LOW", "1"] in rows
    assert ["tasks_created", "ann", "2"] in rows
    assert ["overdue", "", "1"] in rows


def test_names_in_csv_are_not_formulas(tms, some_tasks, runtime):
    with runtime.transaction() as session:
        session.execute(text("UPDATE users SET username = '+cmd' WHERE username = 'ann'"))

    rows = list(csv.reader(io.StringIO(tms("report", "--format", "csv").stdout)))

    assert ["tasks_created", "'+cmd", "2"] in rows


def test_the_table_shows_all_figures(tms, some_tasks):
    output = tms("report").stdout

    for text_in_table in (
        "By status",
        "IN_PROGRESS",
        "By priority",
        "URGENT",
        "zoé [1]",
        "assigned to nobody",
        "33.3% completed",
    ):
        assert text_in_table in output


def test_the_table_without_tasks_has_no_completion_rate(tms):
    result = tms("report")

    assert result.exit_code == 0
    assert "none yet completed" in result.stdout


def test_too_many_threads_are_rejected(tms):
    result = tms("report", "--threads", "1000")

    assert result.exit_code == 2
    assert "--threads" in result.stderr


def test_the_counters_are_verified_and_rebuilt(tms, runtime, some_tasks, add_tasks, usernames):
    missing = tms("report", "--verify")
    built = tms("report", "--rebuild")
    right = tms("report", "--verify")
    add_tasks([{"created_by": next(iter(usernames)), "priority": Priority.URGENT}])
    outdated = tms("report", "--verify")
    tms("report", "--rebuild")
    with runtime.transaction() as session:
        session.execute(update(Task).values(priority=Priority.URGENT))
    wrong = tms("report", "--verify")
    again = tms("report", "--rebuild")

    assert (missing.exit_code, "not complete" in missing.stdout) == (1, True)
    assert (built.exit_code, "rows of counters" in built.stdout) == (0, True)
    assert (right.exit_code, "0 rows differ" in right.stdout) == (0, True)
    assert (outdated.exit_code, "not complete" in outdated.stdout) == (1, True)
    assert wrong.exit_code == 1
    assert "PENDING URGENT" in wrong.stdout
    assert (again.exit_code, tms("report", "--verify").exit_code) == (0, 0)


def test_the_mode_is_chosen(tms, some_tasks):
    tms("report", "--rebuild")

    reports = [
        orjson.loads(tms("report", "--format", "json", *options).stdout)
        for options in ((), ("--mode", "scan"), ("--threads", "1"), ("--mode", "live"))
    ]

    assert [report["mode"] for report in reports] == ["live", "scan", "scan", "live"]
    assert {report["total"] for report in reports} == {3}


def test_demo_data_is_in_the_counters(tms, runtime):
    tms("report", "--rebuild")

    loaded = tms("demo-data", "--tasks", "50", "--users", "3")

    report = orjson.loads(tms("report", "--mode", "live", "--format", "json").stdout)
    assert loaded.exit_code == 0
    assert report["total"] == 50
    assert tms("report", "--verify").exit_code == 0


@pytest.mark.parametrize("name", ["insight", "trend", "burndown", "cycle-time", "workload", "aging"])
def test_each_report_is_a_table_a_page_and_a_file(tms, some_tasks, tmp_path, name):
    table = tms("report", "--report", name)
    page = tms("report", "--report", name, "--format", "html")
    path = tmp_path / "report.csv"
    to_file = tms("report", "--report", name, "--format", "csv", "--output", str(path))

    assert [found.exit_code for found in (table, page, to_file)] == [0, 0, 0]
    assert table.stdout
    assert page.stdout.startswith("<!doctype html>")
    assert page.stdout.rstrip().endswith("</html>")
    assert to_file.stdout == ""
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert orjson.loads(tms("report", "--report", name, "--format", "json").stdout)["as_of_event"] == 0


def test_the_parameters_of_a_report_are_options(tms, some_tasks):
    trend = orjson.loads(tms("report", "--report", "trend", "--days", "7", "--format", "json").stdout)
    burndown = orjson.loads(
        tms("report", "--report", "burndown", "--from", "2025-03-01", "--to", "2025-03-05", "--format", "json").stdout
    )
    workload = tms("report", "--report", "workload").stdout

    assert len(trend["days"]) == 7
    assert (burndown["from"], burndown["to"]) == ("2025-03-01", "2025-03-05")
    for part in ("zoé [1]", "(unassigned)", "overdue"):
        assert part in workload


@pytest.mark.parametrize(
    ("filters", "total"),
    [
        (["created_by=ann"], 2),
        (["created_by=ANN,bob", "status=PENDING,IN_PROGRESS"], 2),
        (["assigned_to=none"], 2),
        (["assigned_to=none", "priority=LOW", "q=task"], 1),
        (["created_at_gte=2000-01-01"], 3),
        (["created_at_lt=2000-01-01T00:00:00Z"], 0),
    ],
)
def test_a_report_takes_the_filters_of_the_list(tms, some_tasks, filters, total):
    options = [part for one in filters for part in ("--filter", one)]

    insight = orjson.loads(tms("report", "--format", "json", *options).stdout)
    trend = orjson.loads(tms("report", "--report", "trend", "--format", "json", *options).stdout)

    assert insight["total"] == total
    assert sum(day["created"] for day in trend["days"]) == total


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--filter", "status=DONE"], "--filter status: must be one of PENDING, IN_PROGRESS, COMPLETED, ARCHIVED"),
        (["--filter", "stat=DONE"], "--filter stat: is not known here; known are: assigned_to, created_at_gt"),
        (["--filter", "status"], "--filter status: is not known here"),
        (["--filter", "assigned_to=bib"], "--filter assigned_to: must be a username, a user's id or none"),
        (["--filter", "created_by=me"], "--filter created_by: cannot be me: a command has no account"),
        (["--filter", "created_at_gt=now"], "--filter created_at_gt: must be YYYY-MM-DD, or an instant"),
        (["--filter", "q=x", "--verify"], "--filter does not go with --verify"),
        (["--filter", "q=task", "--mode", "live"], "--filter q: cannot be counted live"),
    ],
)
def test_a_wrong_filter_is_named_as_by_the_api(tms, some_tasks, options, message):
    result = tms("report", *options)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--report", "aging", "--days", "3"), "--days"),
        (("--report", "burndown", "--from", "2025-03-02", "--to", "2025-03-01"), "--to"),
        (("--report", "trend", "--threads", "2"), "--threads"),
        (("--output", "report.txt"), "--format"),
    ],
)
def test_options_that_do_not_fit_are_named(tms, options, named):
    result = tms("report", *options)

    assert result.exit_code == 2
    assert named in result.stderr


def test_the_history_is_verified_and_rebuilt(tms, runtime, usernames, relay_once):
    actor = Actor(next(iter(usernames)), is_admin=True)
    with runtime.transaction() as session:
        tasks = TaskService(session, actor, "team")
        tasks.change(tasks.create({"title": "done"}).id, {"status": "COMPLETED"})
    relay_once()
    tms("report", "--rebuild")
    right = tms("report", "--verify")
    with runtime.transaction() as session:
        session.execute(text("UPDATE report_status_change SET new_status = 'ARCHIVED'"))
    wrong = tms("report", "--verify")
    rebuilt = tms("report", "--rebuild")

    assert "1 changes of status and 1 completions" in right.stdout
    assert (right.exit_code, wrong.exit_code) == (0, 1)
    assert "1 changes and 1 completions differ" in wrong.stdout
    assert "history of 2 events" in rebuilt.stdout
    assert tms("report", "--verify").exit_code == 0
