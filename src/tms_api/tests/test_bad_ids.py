"""Paths with an invalid id are 404, and the response names the id."""

import pytest


@pytest.mark.parametrize("verb", ["get", "delete"])
@pytest.mark.parametrize(
    ("path", "bad", "right"),
    [
        ("/api/task/abc", "abc", "a whole number from 1 to "),
        ("/api/task/abc/", "abc", "a whole number from 1 to "),
        ("/api/task/-1", "-1", "a whole number from 1 to "),
        ("/api/task/0", "0", "a whole number from 1 to "),
        ("/api/task/99999999999999999999", "99999999999999999999", "a whole number from 1 to "),
        ("/api/task/1.0", "1.0", "a whole number from 1 to "),
        ("/api/task/%C3%A4", "ä", "a whole number from 1 to "),
        ("/api/task/x1/history", "x1", "a whole number from 1 to "),
        ("/api/users/ann", "ann", "or me"),
        ("/api/api-tokens/first", "first", "a whole number from 1 to "),
    ],
)
def test_an_invalid_id_is_named(client, problem, verb, path, bad, right):
    answer = getattr(client, verb)(path, status="*")

    assert answer.status_int == 404
    detail = problem(answer)["detail"]
    assert detail.startswith("id must be")
    assert detail.endswith(f"not {bad}")
    assert right in detail


def test_a_session_id_must_be_a_uuid(client, problem):
    answer = client.delete("/api/sessions/mine", status=404)

    assert problem(answer)["detail"] == "id must be a session's UUID, not mine"


def test_a_long_id_is_cut(client, problem):
    answer = client.get(f"/api/task/{'x' * 5_000}", status=404)

    assert len(problem(answer)["detail"]) < 120


@pytest.mark.parametrize("path", ["/api/nothing", "/api/task/1/2/3", "/nothing/abc", "/api/taskabc"])
def test_other_unknown_paths_are_not_found(client, problem, path):
    assert problem(client.get(path, status=404))["detail"] == "There is nothing at this address."
