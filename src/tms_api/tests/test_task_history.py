"""GET /api/task/{id}/history."""

import re
from functools import partial
from threading import Thread
from time import sleep

import pytest
from sqlalchemy import select

from tms_core.event_log.leadership import is_led, try_to_lead
from tms_core.event_log.waiting import await_positions
from tms_core.models import Task, TaskEvent
from tms_core.relay.relay import Relay
from tms_core.services import task_history
from tms_testing.fixtures import Client


@pytest.fixture
def task(client):
    return client.post_json("/api/task", {"title": "T", "due_date": "2025-03-31"}).json


@pytest.fixture
def history(client, relay_once):
    """Read a task's history after the relay has numbered its events."""

    def read(task_id=1, query=""):
        relay_once()
        return client.get(f"/api/task/{task_id}/history{query}").json

    return read


def test_events_have_actor_time_and_changes_newest_first(client, client_of, make_user, task, history, log):
    admin = client_of(make_user("boss", is_admin=True))
    admin.patch_json("/api/task/1", {"status": "COMPLETED", "due_date": None})
    client.patch_json("/api/task/1", {"title": "T"})
    client.delete("/api/task/1")

    found = history()

    assert found == [
        {"event_id": 3, "event": "deleted", "actor": client.user.id, "at": found[0]["at"], "changes": {}},
        {
            "event_id": 2,
            "event": "updated",
            "actor": admin.user.id,
            "at": found[1]["at"],
            "changes": {"status": ["PENDING", "COMPLETED"], "due_date": ["2025-03-31", None]},
        },
        {"event_id": 1, "event": "created", "actor": client.user.id, "at": found[2]["at"], "changes": {}},
    ]
    assert [one["at"] for one in found] == sorted((one["at"] for one in found), reverse=True)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", one["at"]) for one in found)
    assert [one["event_id"] for one in found] == [event.position for event in log()][::-1]


def test_the_history_has_only_events_of_its_task(client, task, history):
    client.post_json("/api/task", {"title": "other"})
    client.patch_json("/api/task/1", {"title": "U"})

    assert [one["event_id"] for one in history(1)] == [3, 1]
    assert [one["event_id"] for one in history(2)] == [2]


def test_a_task_without_events_has_an_empty_history(runtime, client, history):
    with runtime.transaction() as session:
        session.add(Task(title="imported", created_by=client.user.id))

    assert history() == []


def test_a_nonexistent_task_has_no_history(client, problem):
    problem(client.get("/api/task/1/history", status=404))
    problem(client.get(f"/api/task/{2**63}/history", status=404))


class TestPages:
    @pytest.fixture(autouse=True)
    def _events(self, client, task):
        for number in range(6):
            client.patch_json("/api/task/1", {"title": f"T {number}"})

    def test_links_lead_from_page_to_page(self, client, history, relay_once):
        relay_once()
        pages, url = [], "/api/task/1/history?page_size=3"
        while url:
            answer = client.get(url)
            pages.append([one["event_id"] for one in answer.json])
            link = answer.headers.get("Link")
            url = link and re.fullmatch(r'<(http://[^>]+)>; rel="next"', link)[1]

        assert pages == [[7, 6, 5], [4, 3, 2], [1]]
        assert len(history()) == 7

    def test_the_parameter_before_excludes_newer_events(self, history):
        assert [one["event_id"] for one in history(query="?before=3")] == [2, 1]
        assert history(query="?before=1") == []

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("before=0", "before"),
            ("before=x", "before"),
            ("before=1&before=2", "before"),
            ("page_size=0", "page_size"),
            ("page_size=1001", "page_size"),
            ("page=1", "page"),
        ],
    )
    def test_unknown_and_invalid_parameters_are_named(self, client, faulty_fields, query, field):
        assert faulty_fields(client.get(f"/api/task/1/history?{query}", status=400)) == [field]


class TestVisibility:
    @pytest.fixture
    def people(self, client, make_user, task):
        """The users by their relation to the task."""
        people = {"creator": client.user, "assignee": make_user(), "stranger": make_user()}
        people["admin"] = make_user(is_admin=True)
        client.patch_json("/api/task/1", {"assigned_to": people["assignee"].id})
        return people

    @pytest.fixture
    def readers(self, app, another_process, people):
        """Return the users who can read the history; all others must get 404."""

        def find(visibility):
            where = another_process(visibility=visibility)
            statuses = {
                name: Client(where, user).get("/api/task/1/history", status="*").status_int
                for name, user in people.items()
            }
            assert set(statuses.values()) <= {200, 404}
            return {name for name, status in statuses.items() if status == 200}

        return find

    @pytest.mark.parametrize(
        ("visibility", "expected"),
        [("team", {"creator", "assignee", "stranger", "admin"}), ("private", {"creator", "assignee", "admin"})],
    )
    def test_the_history_is_visible_like_its_task(self, readers, visibility, expected):
        assert readers(visibility) == expected

    @pytest.mark.parametrize("visibility", ["team", "private"])
    def test_a_deleted_tasks_history_is_visible_to_creator_and_administrators(self, client, readers, visibility):
        client.delete("/api/task/1")

        assert readers(visibility) == {"creator", "admin"}

    def test_a_previous_assignee_cannot_read_the_history(self, client, readers):
        client.patch_json("/api/task/1", {"assigned_to": None})

        assert readers("private") == {"creator", "admin"}

    def test_a_new_creator_can_read_the_history(self, client_of, people, readers):
        client_of(people["admin"]).patch_json("/api/task/1", {"created_by": people["stranger"].id})
        client_of(people["admin"]).delete("/api/task/1")

        assert readers("private") == {"stranger", "admin"}


class TestPositions:
    """Reading a history assigns no positions: that is the relay's."""

    @pytest.fixture
    def read(self, client):
        """Read the history of the task, as (event_id, title after the change)."""

        def events(query=""):
            answer = client.get(f"/api/task/1/history{query}")
            return [(one["event_id"], one["changes"].get("title", [None, "T"])[1]) for one in answer.json]

        return events

    @pytest.fixture
    def leader(self, runtime):
        """A relay that leads and assigns nothing."""
        with runtime.engine.connect() as connection:
            connection.detach()
            assert try_to_lead(connection)
            yield connection

    def test_new_events_have_no_id_without_a_relay(self, runtime, client, task, read, relay_once):
        relay_once()
        client.patch_json("/api/task/1", {"title": "U"})

        assert read() == [(None, "U"), (1, "T")]
        with runtime.transaction() as session:
            assert session.scalars(select(TaskEvent.position).order_by(TaskEvent.id)).all() == [1, None]

    def test_events_without_an_id_get_one_later(self, client, task, read, relay_once):
        tag = client.get("/api/task/1/history").headers["ETag"]

        relay_once()

        answer = client.get("/api/task/1/history", headers={"If-None-Match": tag})
        assert [one["event_id"] for one in answer.json] == [1]

    def test_the_next_page_after_an_event_without_an_id_has_the_numbered_ones(self, client, task, relay_once):
        relay_once()
        client.patch_json("/api/task/1", {"title": "U"})

        first = client.get("/api/task/1/history?page_size=1")
        following = client.get(re.fullmatch(r'<(http://[^>]+)>; rel="next"', first.headers["Link"])[1])

        assert [one["event_id"] for one in first.json + following.json] == [None, 1]

    def test_an_event_without_an_id_is_not_before_any_other(self, task, read):
        assert read("?before=99") == []

    def test_the_reader_waits_for_positions_with_a_relay(self, runtime, client, task, monkeypatch):
        # A busy machine may take longer than readers wait.
        monkeypatch.setattr(task_history, "await_positions", partial(await_positions, max_wait=60))
        relay = Relay(runtime)
        thread = Thread(target=relay.run, daemon=True)
        thread.start()
        try:
            with runtime.engine.connect() as connection:
                while not is_led(connection):
                    sleep(0.01)
            for number in range(5):
                client.patch_json("/api/task/1", {"title": f"T {number}"})
                found = client.get("/api/task/1/history").json
                assert [one["event_id"] for one in found] == list(range(number + 2, 0, -1))
        finally:
            relay.stop()
            thread.join(10)

    def test_waiting_for_a_blocked_leader_is_bounded(self, runtime, leader, task, relay_once):
        with runtime.transaction() as session:
            assert not await_positions(session, 1, max_wait=0.05)

        relay_once()

        with runtime.transaction() as session:
            assert await_positions(session, 1, max_wait=0.05)
