"""Cached counts: shared by the pages of a list, and never older than the last acknowledged write."""

import pytest

from tms_testing.fixtures import Client


@pytest.fixture
def tasks(client):
    for number in range(5):
        client.post_json("/api/task", {"title": f"{number}", "status": "PENDING" if number else "COMPLETED"})


@pytest.fixture
def counts(recorded):
    """Whether a call counts tasks in the database."""

    def read(call) -> bool:
        with recorded() as statements:
            call()
        assert any("FROM task" in statement for statement in statements)
        return any("count(*)" in statement for statement in statements)

    return read


@pytest.mark.parametrize(
    "other",
    [
        "status=PENDING&page_size=2&page=2",
        "page=2&status=PENDING&page_size=2",
        "status=PENDING",
        "status=PENDING&page_size=3&ordering=-title",
        "ordering=title&status=PENDING&ordering=id",
    ],
)
def test_another_page_of_a_list_does_not_count_again(client, tasks, counts, other):
    assert counts(lambda: client.get("/api/task?status=PENDING&page_size=2"))

    assert not counts(lambda: client.get(f"/api/task?{other}"))


def test_users_with_the_same_visibility_share_a_count(client, client_of, make_user, tasks, counts):
    other = client_of(make_user())
    client.get("/api/task?status=PENDING")

    assert not counts(lambda: other.get("/api/task?status=PENDING&page_size=1"))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 5),
        ("status=COMPLETED", 1),
        ("status=PENDING&q=3", 1),
        ("status=PENDING&status=COMPLETED", 5),
        ("status=PENDING&created_by=none", 0),
        ("%73tatus=COMPLETED", 1),
    ],
)
def test_another_list_has_its_own_count(client, tasks, query, count):
    assert client.get("/api/task?status=PENDING").json["count"] == 4

    assert client.get(f"/api/task?{query}").json["count"] == count


@pytest.mark.parametrize("me", ["me", "m%65"])
def test_counts_with_me_are_not_shared(client, client_of, make_user, tasks, me):
    stranger = client_of(make_user())

    assert client.get(f"/api/task?created_by={me}&page_size=2").json["count"] == 5
    assert stranger.get(f"/api/task?created_by={me}&page_size=1").json["count"] == 0


def test_counts_are_not_shared_with_private_visibility(another_process, client, make_user, tasks):
    private = another_process(visibility="private")
    stranger, admin = make_user(), make_user(is_admin=True)

    for user, count in [(client.user, 5), (stranger, 0), (admin, 5)]:
        for size in (1, 2):
            assert Client(private, user).get(f"/api/task?page_size={size}").json["count"] == count


@pytest.mark.parametrize("process", ["this", "another"])
def test_every_page_has_the_new_count_after_a_write(client, another_process, tasks, process):
    reader = client if process == "this" else Client(another_process(), client.user)

    def read_counts():
        return [reader.get(f"/api/task?status=PENDING&page_size={size}").json["count"] for size in (1, 2, 3)]

    assert read_counts() == [4, 4, 4]
    client.post_json("/api/task", {"title": "new"})
    assert read_counts() == [5, 5, 5]
    client.patch_json("/api/task/2", {"status": "ARCHIVED"})
    assert read_counts() == [4, 4, 4]
    client.post_json("/api/task/bulk", {"operations": [{"op": "delete", "id": 3}, {"op": "delete", "id": 4}]})
    assert read_counts() == [2, 2, 2]


def test_a_page_past_the_end_is_404_with_a_cached_count(client, tasks, counts):
    client.get("/api/task?page_size=2&page=3")

    client.get("/api/task?page_size=2&page=4", status=404)
    client.get("/api/task?page_size=5&page=2", status=404)


def test_cursor_pages_are_never_counted(client, tasks, counts):
    assert not counts(lambda: client.get("/api/task?cursor=&page_size=2"))
    client.get("/api/task?page_size=1")
    assert client.get("/api/task?cursor=").json["count"] is None


def test_each_page_is_counted_without_redis(another_process, client, tasks, recorded):
    lonely = another_process(redis_url="redis://127.0.0.1:1/0")

    for size in (1, 2):
        assert Client(lonely, client.user).get(f"/api/task?page_size={size}").json["count"] == 5


DAYS = "due_date_gte=2026-01-01&due_date_lt=2026-03-01"


@pytest.fixture
def due_tasks(client):
    for day in ("2025-12-31", "2026-01-01", "2026-01-15", "2026-02-28", "2026-03-01"):
        client.post_json("/api/task", {"title": day, "due_date": day})


def test_tasks_of_some_days_are_found_and_counted_by_one_statement(client, due_tasks, recorded):
    with recorded() as statements:
        page = client.get(f"/api/task?{DAYS}&page_size=2&ordering=due_date").json

    assert [task["title"] for task in page["results"]] == ["2026-01-01", "2026-01-15"]
    assert page["count"] == 3
    assert len([statement for statement in statements if "FROM task" in statement]) == 1


def test_a_page_past_the_end_of_some_days_tells_their_count(client, due_tasks):
    response = client.get(f"/api/task?{DAYS}&page_size=2&page=3", status=404)

    assert "3 results make 2 pages" in response.json["detail"]


def test_some_days_without_tasks_have_an_empty_page(client, due_tasks):
    assert client.get("/api/task?due_date=2027-01-01").json["count"] == 0


def test_more_tasks_than_are_sorted_are_counted_exactly(client, due_tasks, monkeypatch):
    monkeypatch.setattr("tms_core.services.task_listing.MAX_SORTED", 2)

    first, second = (client.get(f"/api/task?{DAYS}&page_size=2&page={number}").json for number in (1, 2))

    assert (first["count"], second["count"]) == (3, 3)
    titles = [task["title"] for page in (first, second) for task in page["results"]]
    assert titles == ["2026-02-28", "2026-01-15", "2026-01-01"]
