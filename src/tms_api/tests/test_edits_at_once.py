"""Concurrent edits of one task, all based on the same version."""

from itertools import pairwise

import pytest

OTHERS = {
    "title": "U",
    "description": "E",
    "priority": "LOW",
    "status": "COMPLETED",
    "due_date": "2025-04-01",
    "assigned_to": None,
}


@pytest.fixture
def task(client):
    """A task at version 1, which all editors have read."""
    return client.post_json("/api/task", {"title": "T", "due_date": "2025-03-31", "assigned_to": client.user.id}).json


@pytest.fixture
def patch(client):
    """Return a PATCH of version 1 of the task, for `at_once`."""

    def request(body):
        return client.user, lambda me: me.patch_json("/api/task/1", body, headers={"If-Match": '"1"'}, status="*")

    return request


def test_edits_of_different_fields_are_all_kept(client, task, at_once, patch, log):
    answers = at_once(*(patch({field: value}) for field, value in OTHERS.items()))

    assert [answer.status_int for answer in answers] == [200] * len(OTHERS)
    after = client.get("/api/task/1").json
    assert after == {**task, **OTHERS, "updated_at": after["updated_at"], "version": 1 + len(OTHERS)}
    assert sorted(answer.json["version"] for answer in answers) == [2, 3, 4, 5, 6, 7]
    assert [event.snapshot["version"] for event in log()] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("field", ["title", "due_date", "assigned_to"])
def test_one_of_two_edits_of_the_same_field_is_412(client, client_of, make_user, task, at_once, patch, problem, field):
    values = {"title": ["by one", "by two"], "due_date": ["2025-05-01", None], "assigned_to": [None, make_user().id]}

    answers = at_once(*(patch({field: value}) for value in values[field]))

    assert sorted(answer.status_int for answer in answers) == [200, 412]
    loser = 0 if answers[0].status_int == 412 else 1
    winner = answers[1 - loser]
    document = problem(answers[loser])
    assert document["current"] == winner.json == client.get("/api/task/1").json
    assert document["conflicts"] == {
        field: {"base": task[field], "theirs": winner.json[field], "yours": values[field][loser]}
    }


def test_a_rejected_edit_changes_no_other_field(client, task, at_once, patch):
    answers = at_once(*(patch({"title": name, "description": name, field: OTHERS[field]})
                        for name, field in (("one", "priority"), ("two", "status"))))  # fmt: skip

    winner = next(answer.json for answer in answers if answer.status_int == 200)
    assert client.get("/api/task/1").json == winner
    assert winner["title"] == winner["description"]


def test_a_put_never_overwrites_a_concurrent_patch(client, task, at_once, patch, problem):
    whole = {"title": "whole", "version": 1}
    answers = at_once(
        patch({"priority": "URGENT"}),
        (client.user, lambda me: me.put_json("/api/task/1", whole, status="*")),
    )

    after = client.get("/api/task/1").json
    if answers[1].status_int == 200:
        # The PUT did not change the priority, so the later PATCH was merged.
        assert (after["title"], after["priority"], after["version"]) == ("whole", "URGENT", 3)
    else:
        assert problem(answers[1])["status"] == 412
        assert (after["title"], after["priority"], after["version"]) == ("T", "URGENT", 2)


def test_only_one_of_a_deletion_and_an_edit_succeeds(client, task, at_once, patch):
    deletion = (client.user, lambda me: me.delete("/api/task/1", headers={"If-Match": '"1"'}, status="*"))

    answers = at_once(patch({"title": "U"}), deletion)

    assert [answer.status_int for answer in answers] in ([200, 412], [404, 200])
    client.get("/api/task/1", status=200 if answers[0].status_int == 200 else 404)


def test_the_last_edit_without_a_version_wins_and_all_are_recorded(client, task, at_once, log):
    requests = [
        (client.user, lambda me, n=n: me.patch_json("/api/task/1", {"title": f"by {n}"}, status=200)) for n in range(5)
    ]

    at_once(*requests)

    assert client.get("/api/task/1").json["version"] == 6
    titles = [event.snapshot["title"] for event in log()]
    assert [event.changes["title"] for event in log()[1:]] == [list(pair) for pair in pairwise(titles)]


def test_versions_in_bulk_requests_are_checked(client, task, at_once, problem):
    def bulk(field):
        operation = {"op": "update", "id": 1, "version": 1, "task": {"title": "U " + field, field: OTHERS[field]}}
        return client.user, lambda me: me.post_json("/api/task/bulk", {"operations": [operation]}, status="*")

    answers = at_once(bulk("priority"), bulk("status"))

    assert sorted(answer.status_int for answer in answers) == [200, 412]
    document = problem(next(answer for answer in answers if answer.status_int == 412))
    assert document["index"] == 0
    assert list(document["conflicts"]) == ["title"]
