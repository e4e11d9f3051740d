"""The API without a package that sends mails about accounts."""

import pytest

METHODS = [
    ("POST", "/api/password-reset", {"email": "ann@example.com"}),
    ("POST", "/api/password-reset/confirm", {"token": "a", "password": "another-word"}),
    ("GET", "/api/password-reset/confirm", None),
    ("POST", "/api/email-verification", {}),
    ("POST", "/api/email-verification/confirm", {"token": "a"}),
    ("GET", "/api/email-verification/confirm", None),
]


@pytest.mark.parametrize(("method", "path", "body"), METHODS)
def test_what_needs_mails_says_that_there_are_none(client, problem, method, path, body):
    answer = client.get(path, status=501) if method == "GET" else client.post_json(path, body, status=501)

    assert "administrator" in problem(answer)["detail"]


def test_what_needs_a_login_asks_for_that_first(app, runtime, problem):
    problem(app.post_json("/api/email-verification", {}, status=401))
