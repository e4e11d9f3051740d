"""The task list compared with a Python model of filters, ordering and pagination."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from tms_core.models import Task

PRIORITIES = ["LOW", "MEDIUM", "HIGH", "URGENT"]
STATUSES = ["PENDING", "IN_PROGRESS", "COMPLETED", "ARCHIVED"]
WORDS = ["invoice", "report", "call", "ship", "paint", "clean"]
FIELDS = ["id", "due_date", "priority", "status", "created_at", "updated_at", "title"]
RANKS = {name: rank for names in (PRIORITIES, STATUSES) for rank, name in enumerate(names)}
FIRST_DAY = date(2025, 2, 20)
DAYS = [FIRST_DAY + timedelta(days) for days in range(12)]
TASKS = 90
USERS = 3


@dataclass(frozen=True)
class Row:
    id: int
    title: str
    description: str
    priority: str
    status: str
    due_date: date | None
    assigned_to: int | None
    created_by: int
    created_at: datetime
    updated_at: datetime


class Rows(tuple):
    """The tasks, with a short repr for hypothesis."""

    def __repr__(self) -> str:
        return "…"


def make_rows() -> Rows:
    random = Random(2)
    began = datetime(2025, 1, 1, tzinfo=UTC)
    return Rows(
        Row(
            id=number,
            # Few distinct titles, so that many are equal.
            title=" ".join(random.sample(WORDS, 2)),
            description=" ".join(random.sample(WORDS, random.randrange(3))),
            priority=random.choice(PRIORITIES),
            status=random.choice(STATUSES),
            due_date=random.choice([*DAYS, None, None]),
            assigned_to=random.choice([*range(1, USERS + 1), None]),
            created_by=random.randint(1, USERS),
            created_at=began + timedelta(hours=random.randrange(20)),
            updated_at=began + timedelta(days=1, hours=random.randrange(20)),
        )
        for number in range(1, TASKS + 1)
    )


@pytest.fixture
def users(make_user):
    return [make_user() for _ in range(USERS)]


@pytest.fixture
def rows(runtime, users, monkeypatch):
    """The tasks, which are also stored in the database."""
    # Exercises both search strategies, for few and for many matches.
    monkeypatch.setattr("tms_core.services.task_listing.MAX_SORTED", TASKS // 4)
    made = make_rows()
    with runtime.transaction() as session:
        session.execute(insert(Task.__table__), [asdict(row) for row in made])
    return made


def several(*values):
    return st.lists(st.sampled_from(values), min_size=1, max_size=3)


PEOPLE = several("me", "none", *range(1, USERS + 2))
FILTERS = {
    "priority": several(*PRIORITIES),
    "status": several(*STATUSES),
    "due_date": several(*DAYS, "none"),
    **{f"due_date_{word}": several(*DAYS) for word in ("gte", "gt", "lte", "lt")},
    "assigned_to": PEOPLE,
    "created_by": PEOPLE,
    # Contains a positive term: without one it is 400.
    "q": st.tuples(st.sampled_from(WORDS), several(*(sign + word for word in WORDS for sign in ("", "-")))).map(
        lambda words: [words[0], *words[1]]
    ),
}
# Few filters at once, since many would match nothing.
filters = st.lists(st.sampled_from(list(FILTERS)), max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: FILTERS[name] for name in names})
)
orderings = st.lists(st.sampled_from([sign + name for name in FIELDS for sign in ("", "-")]), max_size=3)


def passes(row: Row, query: dict, me: int) -> bool:
    """Whether a task matches the filters of the model."""

    def wanted(name, value):
        named = {me if one == "me" else None if one == "none" else one for one in query.get(name, [])}
        return name not in query or value in named

    def due(word, compare):
        return all(row.due_date and compare(row.due_date, bound) for bound in query.get(f"due_date_{word}", []))

    words = {*row.title.split(), *row.description.split()}
    return (
        wanted("priority", row.priority)
        and wanted("status", row.status)
        and wanted("due_date", row.due_date)
        and wanted("assigned_to", row.assigned_to)
        and wanted("created_by", row.created_by)
        and due("gte", date.__ge__)
        and due("gt", date.__gt__)
        and due("lte", date.__le__)
        and due("lt", date.__lt__)
        and all((word.strip("-") in words) != word.startswith("-") for word in query.get("q", []))
    )


def effective(ordering: list[str]) -> list[str]:
    """Return the effective ordering: repeated fields are ignored."""
    fields: dict[str, str] = {}
    for word in ordering:
        fields.setdefault(word.removeprefix("-"), word)
    return list(fields.values())


def ordered(rows: list[Row], ordering: list[str]) -> list[int]:
    """Return the ids in the model's order. Ties are broken by id, in the direction of the last field."""
    descends = {}
    for word in ordering:
        descends.setdefault(word.lstrip("-"), word.startswith("-"))
    descends.setdefault("id", [True, *descends.values()][-1])

    def place(row, name):
        value = getattr(row, name)
        return (value is None, RANKS.get(value, value) if value is not None else 0)

    found = list(rows)
    # The last field first, since sorting is stable.
    for name in reversed(descends):
        found.sort(key=lambda row, name=name: place(row, name), reverse=descends[name])
    return [row.id for row in found]


def spelled(query: dict, *, repeated: bool) -> str:
    """Return the query string: several values separated by commas, or as repeated parameters."""
    pairs = []
    for name, values in query.items():
        if name == "q":
            pairs.append((name, " ".join(values)))
        elif repeated:
            pairs += [(name, value) for value in values]
        elif values:
            pairs.append((name, ",".join(map(str, values))))
    return urlencode(pairs)


@settings(max_examples=100)
@given(
    query=filters,
    ordering=orderings,
    page_size=st.one_of(st.integers(1, 12), st.integers(40, 200)),
    page=st.one_of(st.integers(1, 4), st.just("last"), st.just("past the end")),
    repeated=st.booleans(),
)
def test_every_page_equals_the_models(rows, users, app, query, ordering, page_size, page, repeated):
    if "q" in query and not ordering:
        # Ordered by rank: see test_search.py.
        ordering = ["-id"]
    words = spelled({**query, "ordering": ordering}, repeated=repeated)

    # The third request is served from the cache; `me` is another user in the second.
    for user in (users[0], users[1], users[0]):
        expected = ordered([row for row in rows if passes(row, query, user.id)], ordering)
        last = max(1, -(-len(expected) // page_size))
        number = {"last": last, "past the end": last + 1}.get(page, page)

        url = f"/api/task?{words}&page={number}&page_size={page_size}"
        answer = app.get(url, headers=user.headers, expect_errors=True)

        if number > last:
            assert answer.status_int == 404
            continue
        shown = answer.json
        assert shown["count"] == len(expected)
        assert [task["id"] for task in shown["results"]] == expected[(number - 1) * page_size : number * page_size]
        assert (shown["previous"] is None) == (number == 1)
        assert (shown["next"] is None) == (number == last)
