import re

import pytest

FIELDS = [
    "id",
    "title",
    "description",
    "priority",
    "status",
    "due_date",
    "assigned_to",
    "created_by",
    "created_at",
    "updated_at",
    "version",
]
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def test_a_task_needs_only_a_title(client):
    answer = client.post_json("/api/task/", {"title": "Call"}, status=201)

    task = answer.json
    assert list(task) == FIELDS
    assert INSTANT.fullmatch(task["created_at"])
    assert task == {
        "id": 1,
        "title": "Call",
        "description": "",
        "priority": "MEDIUM",
        "status": "PENDING",
        "due_date": None,
        "assigned_to": None,
        "created_by": client.user.id,
        "created_at": task["created_at"],
        "updated_at": task["created_at"],
        "version": 1,
    }


def test_creating_returns_the_location(client):
    answer = client.post_json("/api/task", {"title": "Call"}, status=201)

    assert answer.headers["Location"] == "http://localhost/api/task/1"
    assert client.get(answer.headers["Location"]).json == answer.json


def test_all_fields_are_stored(client, ann):
    given = {
        "title": "Überprüfung «木» 🙂",
        "description": "line\nline\t\x01 \\ ' \" <b>",
        "priority": "URGENT",
        "status": "IN_PROGRESS",
        "due_date": "2024-02-29",
        "assigned_to": ann.id,
    }

    created = client.post_json("/api/task", given).json

    assert given.items() <= client.get(f"/api/task/{created['id']}").json.items()


@pytest.mark.parametrize("priority", ["LOW", "MEDIUM", "HIGH", "URGENT"])
@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS", "COMPLETED", "ARCHIVED"])
def test_all_combinations_of_priority_and_status_are_allowed(client, priority, status):
    task = client.post_json("/api/task", {"title": "T", "priority": priority, "status": status}, status=201).json

    assert (task["priority"], task["status"]) == (priority, status)


def test_an_assignee_may_be_an_object(client, ann):
    assert client.post_json("/api/task", {"title": "T", "assigned_to": {"id": ann.id}}).json["assigned_to"] == ann.id
    assert client.patch_json("/api/task/1", {"assigned_to": {"id": client.user.id}}).json["version"] == 2
    assert client.get("/api/task/1").json["assigned_to"] == client.user.id


@pytest.mark.parametrize(("field", "length"), [("title", 200), ("description", 10_000)])
def test_texts_have_a_maximum_length(client, faulty_fields, field, length):
    task = client.post_json("/api/task", {"title": "T", field: "木" * length}, status=201).json

    assert len(task[field]) == length
    answer = client.post_json("/api/task", {"title": "T", field: "a" * (length + 1)}, status=400)
    assert faulty_fields(answer) == [field]


BAD = [
    ("title", None),
    ("title", ""),
    ("title", "  \t\n"),
    ("title", "\u00a0\u2003"),
    ("title", "a\u0000b"),
    ("title", 5),
    ("title", ["T"]),
    ("description", None),
    ("description", "a\u0000b"),
    ("description", {}),
    ("priority", None),
    ("priority", "high"),
    ("priority", ""),
    ("priority", 1),
    ("status", None),
    ("status", "DONE"),
    ("status", ["PENDING"]),
    ("due_date", ""),
    ("due_date", "31.03.2025"),
    ("due_date", "2025-02-29"),
    ("due_date", "2025-3-1"),
    ("due_date", "20250301"),
    ("due_date", "2025-03-01T00:00:00Z"),
    ("due_date", "2025-W10-1"),
    ("due_date", "٢٠٢٥-٠٣-٠١"),
    ("due_date", "0000-01-01"),
    ("due_date", 20250301),
    ("assigned_to", 0),
    ("assigned_to", -1),
    ("assigned_to", 999),
    ("assigned_to", 2**63),
    ("assigned_to", 10**400),
    ("assigned_to", "1"),
    ("assigned_to", "me"),
    ("assigned_to", True),
    ("assigned_to", 1.5),
    ("assigned_to", {"id": "1"}),
    ("assigned_to", {"id": 1, "username": "ann"}),
    ("assigned_to", {}),
    ("assigned_to", [1]),
    ("created_by", None),
    ("created_by", "1"),
    ("titel", "T"),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_bad_value_is_named_and_nothing_is_created(client, faulty_fields, field, value):
    answer = client.post_json("/api/task", {"title": "T", field: value}, status=400)

    assert faulty_fields(answer) == [field]
    assert client.get("/api/task").json["count"] == 0


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_bad_value_is_named_and_nothing_is_changed(client, faulty_fields, field, value):
    before = client.post_json("/api/task", {"title": "T"}).json

    answers = [
        client.patch_json("/api/task/1", {field: value}, status=400),
        client.put_json("/api/task/1", {"title": "T", "status": "ARCHIVED", field: value}, status=400),
    ]

    assert [faulty_fields(answer) for answer in answers] == [[field], [field]]
    assert client.get("/api/task/1").json == before


@pytest.mark.parametrize("field", ["id", "created_at", "updated_at", "version"])
def test_server_fields_are_refused_at_creation(client, faulty_fields, field):
    assert faulty_fields(client.post_json("/api/task", {"title": "T", field: 1}, status=400)) == [field]


def test_all_validation_errors_are_reported_at_once(client, problem):
    body = {"title": "", "priority": "NO", "status": 4, "due_date": "x", "assigned_to": "me", "titel": 1}

    faults = problem(client.post_json("/api/task", body, status=400))["errors"]

    assert {fault["in"] for fault in faults} == {"body"}
    messages = {fault["field"]: fault["message"] for fault in faults}
    assert set(messages) == set(body)
    assert messages["priority"] == "must be one of LOW, MEDIUM, HIGH, URGENT"
    assert messages["due_date"] == "must be YYYY-MM-DD"
    assert messages["titel"].startswith("is not a field here; fields are: title, ")


@pytest.mark.parametrize("path", ["0", "99", "-1", "abc", "1.0", "%D9%A1", "1e3", " 1", "0x1", str(2**63), "9" * 5000])
@pytest.mark.parametrize("verb", ["get", "delete", "patch_json", "put_json"])
def test_a_nonexistent_task_is_not_found(client, problem, verb, path):
    body = ({"title": "T"},) if verb.endswith("json") else ()

    problem(getattr(client, verb)(f"/api/task/{path}", *body, status=404))


def test_deleting_returns_an_empty_object(client):
    client.post_json("/api/task", {"title": "T"})

    answer = client.delete("/api/task/1/", status=200)

    assert answer.json == {}
    client.get("/api/task/1", status=404)
    client.delete("/api/task/1", status=404)


@pytest.mark.parametrize("slash", ["", "/", "//"])
def test_a_trailing_slash_is_optional(client, slash):
    client.post_json(f"/api/task{slash}", {"title": "T"}, status=201)

    assert client.get(f"/api/task{slash}").json["count"] == 1
    assert client.get(f"/api/task/1{slash}").json["title"] == "T"
    assert client.patch_json(f"/api/task/1{slash}", {"title": "U"}).json["title"] == "U"
    assert client.put_json(f"/api/task/1{slash}", {"title": "V"}).json["title"] == "V"
    assert client.delete(f"/api/task/1{slash}").json == {}


class TestCreator:
    """`created_by` is set by the server; only an administrator may change it."""

    def test_the_present_creator_is_accepted(self, client):
        task = client.post_json("/api/task", {"title": "T", "created_by": client.user.id}, status=201).json

        assert client.put_json("/api/task/1", task, status=200).json == task
        assert client.patch_json("/api/task/1", {"created_by": {"id": client.user.id}}, status=200).json == task

    def test_another_creator_is_refused(self, client, ann, problem):
        client.post_json("/api/task", {"title": "T"})

        problem(client.post_json("/api/task", {"title": "T", "created_by": ann.id}, status=403))
        problem(client.patch_json("/api/task/1", {"created_by": ann.id}, status=403))
        problem(client.put_json("/api/task/1", {"title": "T", "created_by": ann.id}, status=403))

    def test_an_administrator_may_set_the_creator(self, admin, ann, faulty_fields):
        assert admin.post_json("/api/task", {"title": "T", "created_by": ann.id}).json["created_by"] == ann.id
        assert admin.patch_json("/api/task/1", {"created_by": admin.user.id}).json["created_by"] == admin.user.id
        assert faulty_fields(admin.patch_json("/api/task/1", {"created_by": 99}, status=400)) == ["created_by"]

    def test_put_without_created_by_keeps_the_creator(self, admin, client):
        client.post_json("/api/task", {"title": "T"})

        assert admin.put_json("/api/task/1", {"title": "U"}).json["created_by"] == client.user.id
