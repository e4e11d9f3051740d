"""Query plans of pages: PostgreSQL reads only the tasks of a page by cursor, and finds those of some days once."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import event, text

from tms_core.permissions import Actor
from tms_core.services.task_filter import TaskFilter, read_filter
from tms_core.services.task_listing import TaskListing
from tms_core.services.task_ordering import FIELDS, read_ordering
from tms_core.single_statements import SingleStatements

TASKS = 20_000
PAGE = 51
SINGLE = [sign + name for name in FIELDS for sign in ("", "-")]
SEVERAL = [
    "created_at,title", "-created_at,title", "due_date,-priority", "-due_date,title", "priority,-id",
    "-priority,due_date", "status,title", "status,-priority,title", "title,-id", "id,title",
]  # fmt: skip
FILTERS = ["", "status=PENDING,IN_PROGRESS", "priority=LOW,MEDIUM"]
SEED = """
    INSERT INTO task (title, description, priority, status, due_date, created_by, created_at, updated_at)
    SELECT 'T ' || n * 7919 % 5003, 'D',
           (enum_range(NULL::task_priority))[1 + n % 4], (enum_range(NULL::task_status))[1 + n / 4 % 4],
           CASE WHEN n % 10 > 0 THEN date '2025-01-01' + n * 31 % 997 END, :user_id,
           now() - n * interval '1 minute', now() - n * 7 % 4001 * interval '1 minute'
    FROM generate_series(1, :number) AS n
"""


@pytest.fixture(scope="module")
def seeded():
    """Whether the tasks exist; shared by all tests, because none of them writes."""
    return []


@pytest.fixture
def listing(_system, seeded):
    """The listing of some thousand tasks."""
    runtime = _system[0]
    if not seeded:
        with runtime.transaction() as session:
            user_id = session.scalar(
                text("INSERT INTO users (username, email) VALUES ('u', 'u@example.com') RETURNING id")
            )
            session.execute(text(SEED), {"user_id": user_id, "number": TASKS})
        with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE task"))
        seeded.append(user_id)
    # Without the statement timeout of reads, which is incompatible with EXPLAIN.
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as reader:
        yield TaskListing(runtime.single_statements, lambda: reader, Actor(seeded[0]), "team")


@pytest.fixture
def engine(_system):
    return _system[0].engine


@pytest.fixture
def plans(engine):
    """Return the execution plans of the statements of a call."""

    def explain(call):
        statements = []

        def note(connection, cursor, statement, parameters, *rest):
            statements.append((statement, parameters))

        event.listen(engine, "before_cursor_execute", note)
        found = call()
        event.remove(engine, "before_cursor_execute", note)
        with engine.connect() as connection:
            return found, [
                connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar()[0][
                    "Plan"
                ]
                for statement, parameters in statements
            ]

    return explain


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def looked_at(plan):
    """Return the number of rows that the plan's scans read."""
    return sum(
        node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        for node in nodes(plan)
        if "Scan" in node["Node Type"]
    )


def place(listing, ordering, depth, wanted):
    """Return the sort values of the task at an offset of the list."""
    task = listing.page(wanted, ordering=ordering, limit=1, offset=depth).rows[0]
    return [getattr(task, term.name) for term in ordering]


@pytest.mark.parametrize("depth", [10, TASKS // 2, TASKS - 300])
@pytest.mark.parametrize("word", SINGLE)
def test_ordering_by_one_field_scans_an_index_without_sorting(listing, plans, word, depth):
    ordering = read_ordering([word])
    values = place(listing, ordering, depth, TaskFilter())

    found, used = plans(lambda: listing.after(TaskFilter(), ordering=ordering, limit=PAGE, values=values))

    assert len(found) == PAGE
    assert {node["Node Type"] for plan in used for node in nodes(plan)} == {"Limit", "Index Scan"}
    assert sum(map(looked_at, used)) <= PAGE


@pytest.mark.parametrize("query", FILTERS)
@pytest.mark.parametrize("depth", [None, 0.02, 0.5, 0.9])
@pytest.mark.parametrize("word", SEVERAL)
def test_ordering_by_several_fields_reads_few_additional_tasks(listing, plans, word, depth, query):
    ordering = read_ordering([word])
    wanted = read_filter({name: [value] for name, _, value in [query.partition("=")] if name}, actor_id=1)
    count = listing.page(wanted, limit=1).count
    values = None if depth is None else place(listing, ordering, int(depth * count), wanted)

    found, used = plans(lambda: listing.after(wanted, ordering=ordering, limit=PAGE, values=values))

    assert len(found) == PAGE
    assert not [node for plan in used for node in nodes(plan) if node["Node Type"] == "Seq Scan"]
    assert sum(map(looked_at, used)) <= TASKS / 4


@pytest.mark.parametrize("query", ["", "priority=HIGH", "status=PENDING", "priority=LOW&status=ARCHIVED"])
def test_tasks_of_some_days_are_found_and_counted_by_one_scan_of_an_index(listing, engine, monkeypatch, query):
    executed, read = [], SingleStatements.read

    def note(self, *statement):
        executed.append(statement)
        return read(self, *statement)

    monkeypatch.setattr(SingleStatements, "read", note)
    values = {name: [value] for name, value in parse_qsl(query)}
    days = {"due_date_gte": ["2025-06-01"], "due_date_lte": ["2025-07-31"]}

    page = listing.page(read_filter(values | days, actor_id=1), limit=3)

    [(statement, parameters)] = executed
    with engine.connect() as connection:
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
        plan = connection.exec_driver_sql(explain, parameters).scalar()[0]["Plan"]
    scans = [node for node in nodes(plan) if node.get("Relation Name") == "task"]
    assert len(page.rows) == 3 < page.count
    assert [node["Actual Rows"] * node["Actual Loops"] for node in scans] == [page.count, 3]
    # Otherwise the table or another index would be read for tasks that do not match.
    assert not any("Filter" in node or node["Node Type"] == "BitmapAnd" for node in nodes(plan))


@pytest.mark.parametrize("word", ["id", "-created_at", "updated_at", "-priority", "title"])
def test_the_tasks_of_a_time_are_found_without_reading_others(listing, plans, monkeypatch, word):
    number = 200
    bound = f"{datetime.now(UTC) - timedelta(minutes=TASKS - number):%Y-%m-%dT%H:%M:%SZ}"
    wanted, ordering = read_filter({"created_at_lt": [bound]}, actor_id=1), read_ordering([word])
    # So that SQLAlchemy executes the statements.
    monkeypatch.setattr(TaskListing, "_is_compiled", lambda self, wanted: False)

    page, of_page = plans(lambda: listing.page(wanted, ordering=ordering, limit=PAGE))
    first, of_cursor = plans(lambda: listing.after(wanted, ordering=ordering, limit=PAGE, values=None))

    assert page.count == pytest.approx(number, abs=5)
    assert page.rows == first
    for plan in (*of_page, *of_cursor):
        assert not [node for node in nodes(plan) if node["Node Type"] == "Seq Scan"]
        # Those of the table, and of the common table expression, which is counted and sorted.
        assert looked_at(plan) <= 4 * page.count
