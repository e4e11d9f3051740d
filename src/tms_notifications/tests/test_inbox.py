"""The inbox over HTTP, its messages to open pages, and muted tasks."""

import orjson
import pytest

from tms_core.user_messages import CHANNEL, decode_all
from tms_notifications.services import inbox

URL = "/api/notifications"


@pytest.fixture
def of_bob(client_of, bob):
    return client_of(bob)


@pytest.fixture
def assign(tasks, relay_once, ann, bob):
    """Assigns tasks to bob."""

    def run(count: int = 1) -> list[int]:
        ids = [tasks.create(ann, assigned_to=bob.id, title=f"Task {number}") for number in range(1, count + 1)]
        relay_once()
        return ids

    return run


@pytest.fixture
def messages(runtime):
    """Returns the messages to users since the start of the test."""
    pubsub = runtime.redis.pubsub(ignore_subscribe_messages=True)
    pubsub.subscribe(CHANNEL)
    pubsub.get_message(timeout=1)

    def received() -> list[tuple[int, dict]]:
        found = []
        while message := pubsub.get_message(timeout=0.5):
            found += decode_all(message["data"])
        return found

    yield received
    pubsub.close()


def test_the_inbox_lists_what_concerns_the_user(of_bob, client_of, assign, tasks, relay_once, ann, bob):
    (task_id,) = assign()
    tasks.change(ann, task_id, status="IN_PROGRESS")
    relay_once()

    page = of_bob.get(URL).json
    newest = page["results"][0]
    assert page["unread"] == 2
    assert page["next"] is None
    assert newest.pop("created_at").endswith("Z")
    assert newest.pop("detail")
    assert newest == {
        "id": 2,
        "event_id": 2,
        "kind": "updated",
        "task": {"id": task_id, "title": "Task 1"},
        "actor": {"id": ann.id, "username": "ann"},
        "changes": {"status": ["PENDING", "IN_PROGRESS"]},
        "is_read": False,
        "is_archived": False,
        "outcome": "waiting",
        "reason": "queued",
    }
    assert client_of(ann).get(URL).json == {"results": [], "next": None, "unread": 0}


def test_own_changes_are_in_the_log_only(of_bob, tasks, relay_once, bob):
    tasks.create(bob, assigned_to=bob.id)
    relay_once()

    assert of_bob.get(URL).json["results"] == []
    assert len(of_bob.get("/api/users/me/notifications/log").json["results"]) == 1


def test_notifications_without_mail_are_in_the_inbox(of_bob, assign, ledger, bob):
    ledger.prefer(bob, assigned="off")
    assign()

    (row,) = of_bob.get(URL).json["results"]
    assert (row["outcome"], row["reason"]) == ("suppressed", "preference_off")


def test_reading_some_and_all(of_bob, client_of, assign, ann):
    assign(3)

    assert of_bob.post_json(f"{URL}/read", {"ids": [1, 2]}).json == {"changed": 2, "unread": 1}
    assert of_bob.post_json(f"{URL}/read", {"ids": [1.0]}).json == {"changed": 0, "unread": 1}
    assert [row["id"] for row in of_bob.get(f"{URL}?unread=true").json["results"]] == [3]
    assert client_of(ann).post_json(f"{URL}/read", {"ids": [3]}).json == {"changed": 0, "unread": 0}
    assert of_bob.post_json(f"{URL}/read", {"all": True}).json == {"changed": 1, "unread": 0}


def test_archived_notifications_are_read_and_listed_apart(of_bob, assign):
    assign(3)

    assert of_bob.post_json(f"{URL}/archive", {"ids": [2]}).json == {"changed": 1, "unread": 2}
    assert [row["id"] for row in of_bob.get(URL).json["results"]] == [3, 1]
    (archived,) = of_bob.get(f"{URL}?archived=true").json["results"]
    assert (archived["id"], archived["is_read"], archived["is_archived"]) == (2, True, True)
    assert of_bob.post_json(f"{URL}/archive", {"all": True}).json == {"changed": 2, "unread": 0}
    assert of_bob.get(URL).json["results"] == []


def test_notifications_are_marked_as_unread_and_taken_back_from_the_archive(
    of_bob, client_of, assign, messages, ann, bob
):
    assign(3)
    of_bob.post_json(f"{URL}/read", {"ids": [1]})
    of_bob.post_json(f"{URL}/archive", {"ids": [2]})
    messages()

    # Neither an archived notification nor one that is unread changes.
    assert of_bob.post_json(f"{URL}/unread", {"ids": [1, 2, 3]}).json == {"changed": 1, "unread": 2}
    assert messages() == [(bob.id, {"type": "notification", "id": None, "unread": 2})]
    assert of_bob.post_json(f"{URL}/unarchive", {"ids": [1, 2]}).json == {"changed": 1, "unread": 2}
    rows = of_bob.get(URL).json["results"]
    assert [(row["id"], row["is_read"]) for row in rows] == [(3, False), (2, True), (1, False)]
    for path in ("unread", "unarchive"):
        assert client_of(ann).post_json(f"{URL}/{path}", {"ids": [2]}).json == {"changed": 0, "unread": 0}


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": [0]}, {"all": True}, {"ids": [1], "all": True}])
def test_unread_and_unarchive_need_ids(of_bob, body):
    of_bob.post_json(f"{URL}/unread", body, status=400)
    of_bob.post_json(f"{URL}/unarchive", body, status=400)


def test_pages_are_linked(of_bob, assign):
    assign(3)
    first = of_bob.get(f"{URL}?unread=true&page_size=2").json
    assert [row["id"] for row in first["results"]] == [3, 2]
    second = of_bob.get(first["next"]).json
    assert [row["id"] for row in second["results"]] == [1]
    assert second["next"] is None


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": [0]}, {"all": False}, {"ids": [1], "all": True}, {"x": 1}])
def test_invalid_bodies_are_rejected(of_bob, body):
    of_bob.post_json(f"{URL}/read", body, status=400)
    of_bob.post_json(f"{URL}/archive", body, status=400)


@pytest.mark.parametrize("query", ["unread=1", "cursor=x", "page_size=0", "colour=red"])
def test_invalid_queries_are_rejected(of_bob, query):
    of_bob.get(f"{URL}?{query}", status=400)


def test_unread_notifications_are_counted_up_to_a_limit(of_bob, assign, monkeypatch):
    monkeypatch.setattr(inbox, "MAX_UNREAD", 2)
    assign(3)

    assert of_bob.get(URL).json["unread"] == 2


def test_open_pages_are_informed(of_bob, assign, messages, tasks, relay_once, bob):
    assign(2)
    assert messages() == [(bob.id, {"type": "notification", "id": 2, "unread": 2})]

    of_bob.post_json(f"{URL}/read", {"ids": [1]})
    assert messages() == [(bob.id, {"type": "notification", "id": None, "unread": 1})]

    tasks.create(bob, assigned_to=bob.id)
    relay_once()
    of_bob.post_json(f"{URL}/read", {"ids": [1]})
    assert messages() == []


def test_a_muted_task_is_neither_mailed_nor_in_the_inbox(
    of_bob, client_of, assign, tasks, relay_once, mail_log, ann, bob
):
    (task_id,) = assign()
    url = f"/api/task/{task_id}/mute"
    assert of_bob.get(url).json == {"is_muted": False}
    for _ in range(2):
        assert of_bob.put_json(url, {}).json == {"is_muted": True}
    assert of_bob.get(url).json == {"is_muted": True}
    assert client_of(ann).get(url).json == {"is_muted": False}
    tasks.change(ann, task_id, title="Muted")
    relay_once()
    assert len(mail_log.rows()) == 1
    assert len(of_bob.get(URL).json["results"]) == 1

    assert of_bob.delete(url).json == {"is_muted": False}
    tasks.change(ann, task_id, title="Heard")
    relay_once()
    assert len(mail_log.rows()) == 2


def test_muted_tasks_are_listed(of_bob, client_of, assign, ledger, tasks, ann, bob):
    ids = assign(4)
    for task_id in ids[:3]:
        ledger.mute(bob, task_id)
    tasks.change(ann, ids[0], title="Renamed")
    tasks.delete(ann, ids[1])

    first = of_bob.get("/api/users/me/muted-tasks?page_size=1").json
    second = of_bob.get(first["next"]).json
    assert [(row["id"], row["title"]) for row in first["results"] + second["results"]] == [
        (ids[2], "Task 3"),
        (ids[0], "Renamed"),
    ]
    assert second["results"][0]["muted_at"].endswith("Z")
    assert second["next"] is None
    assert client_of(ann).get("/api/users/me/muted-tasks").json == {"results": [], "next": None}


def test_only_visible_tasks_can_be_muted(of_bob):
    assert of_bob.put_json("/api/task/99/mute", {}, status=404).json["code"] == "task_not_found"


def test_the_inbox_needs_authentication(app):
    for path in (
        URL,
        "/api/users/me/notifications/log",
        "/api/users/1/notifications/log",
        "/api/task/1/mute",
        "/api/users/me/muted-tasks",
    ):
        app.get(path, status=401)
    app.post(f"{URL}/read", orjson.dumps({"all": True}), {"Content-Type": "application/json"}, status=401)
