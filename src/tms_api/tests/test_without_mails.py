"""The API without a package that sends mails about accounts."""

from urllib.parse import urlsplit

import pytest

METHODS = [
    ("POST", "/api/password-reset", {"email": "ann@example.com"}),
    ("POST", "/api/email-verification", {}),
    ("POST", "/api/email-verification/confirm", {"token": "a"}),
    ("GET", "/api/email-verification/confirm", None),
]


@pytest.mark.parametrize(("method", "path", "body"), METHODS)
def test_routes_that_need_mails_are_501(client, problem, method, path, body):
    answer = client.get(path, status=501) if method == "GET" else client.post_json(path, body, status=501)

    assert "administrator" in problem(answer)["detail"]


def test_administrators_hand_links_over(app, admin, ann, problem):
    problem(admin.post(f"/api/users/{ann.id}/password-reset", status=501))
    url = admin.post(f"/api/users/{ann.id}/password-reset-link", status=201).json["url"]
    path, _, token = url.partition("#token=")
    body = {"token": token, "password": "another-word"}

    assert app.get(urlsplit(path).path, status=200).content_type == "text/html"
    app.post_json("/api/password-reset/confirm", body, status=200)

    app.post_json("/api/token", {"username": "ann", "password": "another-word"}, status=200)


def test_accounts_without_a_password_are_created_for_links(admin, runtime):
    user = admin.post_json("/api/users", {"username": "joe", "email": "joe@example.com"}, status=201).json

    assert admin.post(f"/api/users/{user['id']}/password-reset-link", status=201).json["url"]


def test_authentication_is_checked_before_mails(app, runtime, problem):
    problem(app.post_json("/api/email-verification", {}, status=401))
