"""Saved views: private or shared, and who may change them."""

import pytest

from tms_testing.fixtures import Client
from tms_web.services import saved_views

VIEW = {"name": "Mine", "page": "/tasks", "query": "status=PENDING&group=assignee", "columns": ["status"]}


@pytest.fixture
def bob(app, make_user):
    return Client(app, make_user("bob"))


@pytest.fixture
def root(app, make_user):
    return Client(app, make_user("root", is_admin=True))


@pytest.fixture
def faulty_fields():
    """Return the fields in the errors of a response."""
    return lambda answer: [one["field"] for one in answer.json["errors"]]


def names(client):
    return [one["name"] for one in client.get("/api/views").json["views"]]


def test_a_view_is_saved_changed_and_deleted(client):
    made = client.post_json("/api/views", VIEW, status=201)
    path = f"/api/views/{made.json['id']}"
    assert made.headers["Location"].endswith(path)
    assert made.json.items() >= {**VIEW, "owner": client.user.id, "is_shared": False}.items()

    changed = client.patch_json(path, {"name": "Later", "columns": None}).json
    assert (changed["name"], changed["columns"], changed["query"]) == ("Later", None, VIEW["query"])
    assert client.get(path).json == changed
    client.delete(path)
    client.get(path, status=404)
    assert names(client) == []


def test_shared_views_are_visible_to_all_and_changed_by_owner_and_administrators(client, bob, root):
    private = client.post_json("/api/views", VIEW).json["id"]
    shared = client.post_json("/api/views", {**VIEW, "name": "Ours", "is_shared": True}).json["id"]
    bob.post_json("/api/views", {**VIEW, "name": "Z of bob"})

    assert names(client) == ["Mine", "Ours"]
    assert names(bob) == ["Z of bob", "Ours"]
    bob.get(f"/api/views/{private}", status=404)
    bob.patch_json(f"/api/views/{private}", {"name": "B"}, status=404)
    bob.patch_json(f"/api/views/{shared}", {"name": "B"}, status=403)
    bob.delete(f"/api/views/{shared}", status=403)
    root.delete(f"/api/views/{private}", status=404)
    assert root.patch_json(f"/api/views/{shared}", {"name": "R"}).json["owner"] == client.user.id


@pytest.mark.parametrize(
    ("fields", "faulty"),
    [
        ({"name": " "}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"page": "/administration"}, "page"),
        ({"query": "?q=a"}, "query"),
        ({"query": "q=a#b"}, "query"),
        ({"query": "q=<b>"}, "query"),
        ({"query": "q=" + "a" * 2000}, "query"),
        ({"columns": ["title"]}, "columns.0"),
        ({"more": 1}, "more"),
    ],
)
def test_views_of_unknown_form_are_refused(client, faulty_fields, fields, faulty):
    assert faulty_fields(client.post_json("/api/views", {**VIEW, **fields}, status=400)) == [faulty]


def test_names_are_unique_per_user(client, bob, faulty_fields):
    client.post_json("/api/views", VIEW)
    other = client.post_json("/api/views", {**VIEW, "name": "Other"}).json["id"]
    bob.post_json("/api/views", VIEW)

    refused = client.post_json("/api/views", VIEW, status=409)
    assert (faulty_fields(refused), refused.json["code"]) == (["name"], "view_name_taken")
    assert faulty_fields(client.patch_json(f"/api/views/{other}", {"name": "Mine"}, status=409)) == ["name"]


def test_a_user_has_a_limited_number_of_views(client, monkeypatch):
    monkeypatch.setattr(saved_views, "MAX_VIEWS", 1)
    client.post_json("/api/views", VIEW)

    refused = client.post_json("/api/views", {**VIEW, "name": "Other"}, status=409).json
    assert (refused["code"], refused["params"]) == ("too_many_views", {"maximum": 1})


def test_views_go_with_their_user(client, bob):
    view = bob.post_json("/api/views", {**VIEW, "is_shared": True}).json["id"]
    assert names(client) == ["Mine"]

    bob.delete("/api/users/me")

    assert names(client) == []
    client.get(f"/api/views/{view}", status=404)
