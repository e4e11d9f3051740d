"""Cursors: the same tasks in the same order as by page number, at any depth and with concurrent writes."""

import base64
from datetime import UTC, date, datetime, timedelta
from random import Random
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from tms_core.models import Priority, Status
from tms_core.models.task import TASK
from tms_testing.fixtures import Client

TASKS = 120
FIELDS = ["id", "due_date", "priority", "status", "created_at", "updated_at", "title"]
WORDS = [sign + name for name in FIELDS for sign in ("", "-")]
WEEK = [date(2025, 3, 1) + timedelta(days) for days in range(5)]
FILTERS = {
    "status": ["PENDING", "IN_PROGRESS,ARCHIVED", "COMPLETED"],
    "priority": ["LOW", "HIGH,URGENT"],
    "due_date_gte": ["2025-03-03"],
    "due_date_lt": ["2025-03-05", "2025-03-03"],
    "assigned_to": ["me", "none", "me,none"],
    "q": ["red", "red -blue", "nothing"],
}


@pytest.fixture
def tasks(runtime, client):
    """Tasks with many equal values per field, a third of them without a date."""
    rng = Random(3)
    began = datetime(2025, 1, 1, tzinfo=UTC)
    rows = [
        {
            "title": " ".join(rng.sample(["red", "blue", "green"], 2)),
            "priority": rng.choice(list(Priority)),
            "status": rng.choice(list(Status)),
            "due_date": rng.choice([*WEEK, None, None]),
            "assigned_to": rng.choice([client.user.id, None]),
            "created_by": client.user.id,
            "created_at": began + timedelta(minutes=rng.randrange(6)),
            "updated_at": began + timedelta(hours=1, microseconds=rng.randrange(6)),
        }
        for _ in range(TASKS)
    ]
    with runtime.transaction() as session:
        session.execute(insert(TASK), rows)


@pytest.fixture
def whole(client):
    """Return the ids of a whole list, read by page number."""

    def read(query):
        words = urlencode({**query, "page_size": 200})
        return [task["id"] for task in client.get(f"/api/task?{words}").json["results"]]

    return read


def pages(client, query, between=lambda: None):
    """Yield every page of a list, read by cursor, and call `between` after each."""
    url, read = f"/api/task?{urlencode(query)}&cursor=", set()
    while url:
        assert url not in read, "the links form a cycle"
        read.add(url)
        page = client.get(url).json
        yield page
        url = page["next"]
        between()


def ids(pages):
    return [task["id"] for page in pages for task in page["results"]]


@settings(max_examples=80)
@given(
    ordering=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    filters=st.fixed_dictionaries({}, optional={name: st.sampled_from(words) for name, words in FILTERS.items()}),
    size=st.sampled_from([17, 60, 119, 120, 200]),
)
def test_cursors_return_the_whole_list_in_every_ordering(client, tasks, whole, ordering, filters, size):
    query = {**filters, "ordering": ",".join(ordering)}

    found = list(pages(client, {**query, "page_size": size}))

    assert ids(found) == whole(query)
    assert all(len(page["results"]) == size for page in found[:-1])
    assert found[-1]["results"] or len(found) == 1


@pytest.mark.parametrize("word", WORDS)
def test_cursors_return_the_whole_list_with_page_size_1(client, tasks, whole, word):
    query = {"ordering": word, "due_date_lt": "2025-03-03"} if "due" not in word else {"ordering": word, "q": "red"}

    assert ids(pages(client, {**query, "page_size": 1})) == whole(query)


def test_a_page_has_next_and_no_count(client, tasks):
    page = client.get("/api/task?cursor=&page_size=100&ordering=-title").json

    assert (page["count"], page["previous"]) == (None, None)
    parts = urlsplit(page["next"])
    words = parse_qs(parts.query)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "http://localhost/api/task"
    assert {name: value for name, value in words.items() if name != "cursor"} == {
        "page_size": ["100"],
        "ordering": ["-title"],
    }
    last = client.get(page["next"]).json
    assert (len(last["results"]), last["next"], last["count"]) == (20, None, None)


def test_the_default_ordering_is_newest_first_also_for_searches(client, tasks):
    for query in ({}, {"q": "red or blue"}):
        found = ids(pages(client, {**query, "page_size": 50}))

        assert found == sorted(found, reverse=True)


def test_the_page_size_may_change_between_pages(client, tasks, whole):
    first = client.get("/api/task?cursor=&page_size=3&ordering=due_date").json
    second = client.get(first["next"].replace("page_size=3", "page_size=200")).json

    assert ids([first, second]) == whole({"ordering": "due_date"})


class TestWhileOthersWrite:
    @pytest.mark.parametrize("word", WORDS)
    def test_no_task_is_repeated_or_missed(self, client, tasks, whole, word):
        mine = set(whole({}))
        rng = Random(word)
        others = []

        def disturb():
            # Other tasks are created before and after the cursor's position, and deleted again.
            if others and rng.random() < 0.5:
                client.delete(f"/api/task/{others.pop(rng.randrange(len(others)))}")
                return
            for title in ("a first", "zz last"):
                task = {"title": title, "due_date": rng.choice(["1999-01-01", "2999-01-01", None])}
                task |= {"priority": rng.choice(list(Priority)), "status": rng.choice(list(Status))}
                others.append(client.post_json("/api/task", task).json["id"])

        before = whole({"ordering": word})

        found = ids(pages(client, {"ordering": word, "page_size": 17}, between=disturb))

        assert len(found) == len(set(found))
        assert [one for one in found if one in mine] == before

    def test_the_task_at_the_cursor_may_change_or_be_deleted(self, client, tasks, whole):
        before = whole({"ordering": "priority"})
        found = []

        for page in pages(client, {"ordering": "priority", "page_size": 11}):
            found += [task["id"] for task in page["results"]]
            last = page["results"][-1]["id"]
            if last % 2:
                client.delete(f"/api/task/{last}")
            else:
                client.patch_json(f"/api/task/{last}", {"title": "changed"})

        assert found == before


class TestBadCursors:
    QUERY = "status=PENDING&ordering=title&page_size=5"

    @pytest.fixture
    def cursor(self, client, tasks):
        page = client.get(f"/api/task?{self.QUERY}&cursor=").json
        return parse_qs(urlsplit(page["next"]).query)["cursor"][0]

    @pytest.fixture
    def refused(self, client, faulty_fields):
        """Check that a cursor is rejected."""

        def check(words, by=client):
            return faulty_fields(by.get(f"/api/task?{words}", status=400)) == ["cursor"]

        return check

    def test_a_modified_cursor_is_refused(self, client, cursor, refused):
        client.get(f"/api/task?{self.QUERY}&cursor={cursor}", status=200)

        for place, sign in enumerate(cursor):
            other = "A" if sign != "A" else "B"
            assert refused(f"{self.QUERY}&cursor={cursor[:place]}{other}{cursor[place + 1 :]}")

    @pytest.mark.parametrize("change", ["{}=", "{}A", "{}!", "{} ", "A{}", "%00{}", "{}%C3%BC", "{}%0A", "-{}"])
    def test_an_extended_or_truncated_cursor_is_refused(self, cursor, refused, change):
        assert refused(f"{self.QUERY}&cursor={change.format(cursor)}")
        assert refused(f"{self.QUERY}&cursor={cursor[:-1]}")
        assert refused(f"{self.QUERY}&cursor={cursor[1:]}")

    @settings(max_examples=60)
    @given(junk=st.one_of(st.text(min_size=1), st.binary(min_size=1).map(lambda raw: base64.urlsafe_b64encode(raw))))
    def test_a_made_up_cursor_is_refused(self, refused, junk):
        assert refused(urlencode({"cursor": junk}))

    @pytest.mark.parametrize(
        "query",
        [
            "ordering=title",
            "status=PENDING",
            "status=PENDING&ordering=-title",
            "status=PENDING&ordering=title,id",
            "status=ARCHIVED&ordering=title",
            "status=PENDING&ordering=title&q=red",
        ],
    )
    def test_a_cursor_of_another_list_is_refused(self, cursor, refused, query):
        assert refused(f"{query}&cursor={cursor}")

    def test_the_order_of_parameters_does_not_matter(self, client, cursor):
        assert client.get(f"/api/task?cursor={cursor}&ordering=title&status=PENDING", status=200)

    def test_a_cursor_of_another_deployment_is_refused(self, cursor, client, another_process):
        foreign = another_process(jwt_private_key="4f1a8c7e2b90d365" * 4)
        answer = foreign.post_json("/api/users", {"username": "x", "email": "x@example.com", "password": "password123"})
        assert answer.status_int == 201
        access = foreign.post_json("/api/token", {"username": "x", "password": "password123"}).json["access"]
        headers = {"Authorization": f"Bearer {access}"}

        foreign.get(f"/api/task?{self.QUERY}&cursor={cursor}", headers=headers, status=400)

    def test_a_cursor_of_another_visibility_is_refused(self, cursor, client, make_user, another_process, refused):
        private = another_process(visibility="private")

        assert refused(f"{self.QUERY}&cursor={cursor}", by=Client(private, client.user))

    def test_a_cursor_with_page_or_repeated_is_refused(self, cursor, refused):
        assert refused(f"{self.QUERY}&cursor={cursor}&page=1")
        assert refused("cursor=&page=2")
        assert refused(f"{self.QUERY}&cursor={cursor}&cursor={cursor}")
        assert refused("cursor=&cursor=")


def test_each_user_reads_only_the_own_tasks_with_private_visibility(runtime, another_process, client, tasks, make_user):
    private = another_process(visibility="private")
    reader, other = Client(private, make_user()), Client(private, make_user())
    for number in range(7):
        other.post_json("/api/task", {"title": f"{number}", "assigned_to": reader.user.id if number % 2 else None})

    found = ids(pages(reader, {"page_size": 2, "ordering": "title"}))

    assert [one - TASKS for one in found] == [2, 4, 6]
