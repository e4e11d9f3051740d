"""PUT, PATCH, versions and entity tags."""

import pytest

from tms_core.event_log.events import read_events

WHOLE = {
    "title": "T",
    "description": "D",
    "priority": "HIGH",
    "status": "IN_PROGRESS",
    "due_date": "2025-03-31",
    "assigned_to": 1,
}
OTHER = {
    "title": "U",
    "description": "E",
    "priority": "LOW",
    "status": "COMPLETED",
    "due_date": "2025-04-01",
    "assigned_to": None,
}


@pytest.fixture
def task(client):
    """A newly created task."""
    return client.post_json("/api/task", WHOLE).json


@pytest.fixture
def events_of(runtime, relay_once):
    """Read all events so far."""

    def read():
        relay_once()
        with runtime.transaction() as session:
            return list(read_events(session, after=0, limit=100))

    return read


@pytest.mark.parametrize("field", WHOLE)
def test_patch_changes_only_the_given_fields(client, task, field):
    after = client.patch_json("/api/task/1", {field: OTHER[field]}, status=200).json

    assert after == {**task, field: OTHER[field], "updated_at": after["updated_at"], "version": 2}
    assert after["updated_at"] > task["updated_at"]
    assert client.get("/api/task/1").json == after


def test_put_replaces_the_whole(client, task):
    after = client.put_json("/api/task/1", {"title": "U"}, status=200).json

    assert after == {
        **task,
        "title": "U",
        "description": "",
        "priority": "MEDIUM",
        "status": "PENDING",
        "due_date": None,
        "assigned_to": None,
        "updated_at": after["updated_at"],
        "version": 2,
    }


def test_put_needs_a_title(client, task, faulty_fields):
    assert faulty_fields(client.put_json("/api/task/1", {"status": "COMPLETED"}, status=400)) == ["title"]


@pytest.mark.parametrize("verb", ["put_json", "patch_json"])
def test_another_id_is_refused(client, task, faulty_fields, verb):
    assert faulty_fields(getattr(client, verb)("/api/task/1", {**WHOLE, "id": 2}, status=400)) == ["id"]


def test_a_change_writes_one_event_with_old_and_new_values(client, task, events_of):
    after = client.patch_json("/api/task/1", {"status": "COMPLETED", "title": "T", "due_date": None}).json

    created, updated = events_of()
    assert (created.kind, created.changes, created.snapshot) == ("created", {}, task)
    assert (updated.kind, updated.actor_id, updated.snapshot) == ("updated", client.user.id, after)
    assert updated.changes == {"status": ["IN_PROGRESS", "COMPLETED"], "due_date": ["2025-03-31", None]}


@pytest.mark.parametrize("body", [{}, {"title": "T"}, {"assigned_to": {"id": 1}}, {"due_date": "2025-03-31"}])
def test_a_patch_that_changes_nothing_keeps_the_version_and_makes_no_event(client, task, events_of, body):
    assert client.patch_json("/api/task/1", body, status=200).json == task

    assert len(events_of()) == 1


def test_a_put_of_the_current_values_changes_nothing(client, task, events_of):
    assert client.put_json("/api/task/1", task, status=200).json == task

    assert len(events_of()) == 1


def test_a_deletion_is_an_event_with_the_task_as_it_was(client, task, events_of):
    client.delete("/api/task/1")

    deleted = events_of()[-1]
    assert (deleted.kind, deleted.task_id, deleted.actor_id) == ("deleted", 1, client.user.id)
    assert deleted.snapshot == task


def test_the_entity_tag_follows_the_version(client, task):
    tags = [client.get("/api/task/1").headers["ETag"]]
    tags.append(client.patch_json("/api/task/1", {"title": "U"}).headers["ETag"])
    tags.append(client.get("/api/task/1").headers["ETag"])

    assert tags[0] != tags[1] == tags[2]


@pytest.mark.parametrize("header", ["{}", "W/{}", '"0", {}', "*"])
def test_a_current_etag_gets_304(client, task, header):
    tag = client.get("/api/task/1").headers["ETag"]

    answer = client.get("/api/task/1", headers={"If-None-Match": header.format(tag)}, status=304)

    assert answer.body == b""
    assert answer.headers["ETag"] == tag


def test_an_outdated_etag_gets_the_task(client, task):
    tag = client.get("/api/task/1").headers["ETag"]
    client.patch_json("/api/task/1", {"title": "U"})

    assert client.get("/api/task/1", headers={"If-None-Match": tag}, status=200).json["title"] == "U"


class TestOutdatedVersion:
    """Changes based on an outdated version."""

    @pytest.fixture(autouse=True)
    def _concurrent_change(self, client, task):
        client.patch_json("/api/task/1", {"status": "COMPLETED"})
        client.patch_json("/api/task/1", {"due_date": None})

    @pytest.fixture(params=["If-Match", "version"])
    def send(self, client, request):
        """Send a change of version 1, given in the header or in the body."""

        def change(verb, body, status):
            if request.param == "version":
                return getattr(client, verb)("/api/task/1", {**body, "version": 1}, status=status)
            return getattr(client, verb)("/api/task/1", body, headers={"If-Match": '"1"'}, status=status)

        return change

    def test_a_patch_of_untouched_fields_is_merged(self, client, send):
        after = send("patch_json", {"title": "U", "priority": "LOW"}, 200).json

        assert (after["title"], after["priority"]) == ("U", "LOW")
        assert (after["status"], after["due_date"], after["version"]) == ("COMPLETED", None, 4)

    def test_a_patch_of_a_touched_field_shows_base_theirs_and_yours(self, client, send, problem):
        present = client.get("/api/task/1").json

        document = problem(send("patch_json", {"title": "U", "status": "ARCHIVED"}, 412))

        assert document["current"] == present
        assert document["conflicts"] == {
            "status": {"base": "IN_PROGRESS", "theirs": "COMPLETED", "yours": "ARCHIVED"},
        }
        assert client.get("/api/task/1").json == present

    def test_a_put_never_merges(self, client, send, problem):
        present = client.get("/api/task/1").json

        document = problem(send("put_json", {**WHOLE, "title": "U"}, 412))

        assert document["current"] == present
        assert document["conflicts"]["status"] == {"base": "IN_PROGRESS", "theirs": "COMPLETED", "yours": "IN_PROGRESS"}
        assert client.get("/api/task/1").json == present

    def test_a_delete_never_merges(self, client, problem):
        present = client.get("/api/task/1").json

        document = problem(client.delete("/api/task/1", headers={"If-Match": '"1"'}, status=412))

        assert document["current"] == present
        assert client.get("/api/task/1").json == present

    def test_a_field_changed_back_counts_as_changed(self, client, send, problem):
        client.patch_json("/api/task/1", {"status": "IN_PROGRESS"})

        document = problem(send("patch_json", {"status": "ARCHIVED"}, 412))

        assert document["conflicts"]["status"] == {"base": "IN_PROGRESS", "theirs": "IN_PROGRESS", "yours": "ARCHIVED"}

    @pytest.mark.parametrize("header", ['"3"', 'W/"3"', "*"])
    def test_a_current_version_allows_all_changes(self, client, header):
        assert client.put_json("/api/task/1", {"title": "U"}, headers={"If-Match": header}, status=200)

        assert client.delete("/api/task/1", headers={"If-Match": '"4"'}, status=200)

    def test_a_future_version_is_refused(self, client, problem):
        problem(client.patch_json("/api/task/1", {"title": "U", "version": 9}, status=412))
        problem(client.patch_json("/api/task/1", {"title": "U", "version": 10**30}, status=412))
        problem(client.patch_json("/api/task/1", {"title": "U"}, headers={"If-Match": '"99"'}, status=412))


@pytest.mark.parametrize("header", ["abc", '"1', "-1", '"1" "2"', '"' + "9" * 9_000 + '"'])
def test_an_invalid_tag_is_named(client, task, problem, header):
    document = problem(client.patch_json("/api/task/1", {"title": "U"}, headers={"If-Match": header}, status=400))

    assert [(fault["in"], fault["field"]) for fault in document["errors"]] == [("header", "If-Match")]


@pytest.mark.parametrize("version", [0, -1, "1", 1.5, True])
def test_an_invalid_version_is_named(client, task, faulty_fields, version):
    assert faulty_fields(client.patch_json("/api/task/1", {"version": version}, status=400)) == ["version"]
