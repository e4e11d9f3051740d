"""GET /api/task/counts: tasks by status, priority, assignee or due date."""

import pytest

from tms_testing.fixtures import Client


@pytest.fixture
def bob(app, make_user):
    return Client(app, make_user("bob"))


@pytest.fixture
def tasks(client, bob):
    for task in (
        {"title": "sand", "status": "PENDING", "assigned_to": bob.user.id},
        {"title": "paint", "status": "COMPLETED", "assigned_to": bob.user.id, "priority": "URGENT"},
        {"title": "paint again", "status": "COMPLETED"},
        {"title": "look", "status": "COMPLETED", "due_date": "2030-01-02"},
    ):
        client.post_json("/api/task", task)


def counts(client, query):
    body = client.get(f"/api/task/counts?{query}").json
    return [(one["value"], one["count"]) for one in body["counts"]]


def test_tasks_are_counted_by_each_field_the_largest_count_first(client, bob, tasks):
    assert counts(client, "by=status") == [("COMPLETED", 3), ("PENDING", 1)]
    assert counts(client, "by=priority") == [("MEDIUM", 3), ("URGENT", 1)]
    assert sorted(counts(client, "by=assigned_to"), key=str) == sorted([(None, 2), (bob.user.id, 2)], key=str)
    assert counts(client, "by=due_date") == [(None, 3), ("2030-01-02", 1)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("assigned_to=none", [("COMPLETED", 2)]),
        ("due_date_gte=2030-01-01", [("COMPLETED", 1)]),
        ("q=paint", [("COMPLETED", 2)]),
        ("status=PENDING,ARCHIVED", [("PENDING", 1)]),
        ("priority=LOW", []),
    ],
)
def test_counts_have_the_filters_of_the_list(client, tasks, query, expected):
    assert counts(client, f"by=status&{query}") == expected


def test_counts_contain_every_acknowledged_write(client, tasks):
    client.patch_json("/api/task/1", {"status": "ARCHIVED"})

    assert counts(client, "by=status") == [("COMPLETED", 3), ("ARCHIVED", 1)]


@pytest.mark.parametrize("query", ["", "by=title", "by=status&by=priority"])
def test_the_field_must_be_one_of_four(client, faulty_fields, query):
    assert faulty_fields(client.get(f"/api/task/counts?{query}", status=400)) == ["by"]


def test_all_other_parameters_are_filters(client, faulty_fields):
    assert faulty_fields(client.get("/api/task/counts?by=status&page=1", status=400)) == ["page"]


def test_only_visible_tasks_are_counted(another_process, bob, make_user, tasks):
    private = another_process(visibility="private")

    assert counts(Client(private, bob.user), "by=status") == [("PENDING", 1), ("COMPLETED", 1)]
    assert counts(Client(private, make_user("carol")), "by=status") == []
