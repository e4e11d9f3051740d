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
def test_routes_that_need_mails_are_501(client, problem, method, path, body):
    answer = client.get(path, status=501) if method == "GET" else client.post_json(path, body, status=501)

    assert "administrator" in problem(answer)["detail"]


def test_authentication_is_checked_before_mails(app, runtime, problem):
    problem(app.post_json("/api/email-verification", {}, status=401))
