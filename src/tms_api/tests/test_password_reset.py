"""Password resets. Links are created directly here; mailing them is tested in tms-notifications."""

import base64
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, text, update
from webtest import TestApp

from tms_core.models import AccountLink, LinkPurpose
from tms_core.services.account_links import AccountLinkService
from tms_testing.fixtures import PASSWORD

pytestmark = pytest.mark.usefixtures("tokens_read_at_every_request")

NEW = "another-word"
CONFIRM = "/api/password-reset/confirm"


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_notifications")


@pytest.fixture
def link(runtime, ann):
    """Create a link for ann and return its token."""

    def make(purpose=LinkPurpose.PASSWORD_RESET, email="ann@example.com") -> str:
        with runtime.transaction() as session:
            links = AccountLinkService(session, runtime.core.jwt_key)
            return links.token(links.create(purpose, email).id)

    return make


@pytest.fixture
def confirm(app):
    return lambda token, password=NEW, status=200: app.post_json(
        CONFIRM, {"token": token, "password": password}, status=status
    )


@pytest.fixture
def signs_in(app):
    def read(password) -> bool:
        body = {"username": "ann", "password": password}
        return app.post_json("/api/token", body, expect_errors=True).status_int == 200

    return read


def rows(runtime, table: str) -> int:
    with runtime.transaction() as session:
        return session.scalar(text(f"SELECT count(*) FROM {table}"))


def test_the_token_of_a_link_sets_a_new_password(confirm, link, signs_in):
    assert confirm(link()).json == {}

    assert signs_in(NEW)
    assert not signs_in(PASSWORD)


def test_a_reset_ends_all_sessions_and_personal_tokens(app, client_of, ann, confirm, link):
    personal = (
        client_of(ann)
        .post_json("/api/api-tokens", {"name": "a", "scopes": ["tasks:read"], "expires_at": None})
        .json["token"]
    )

    confirm(link())

    client_of(ann).get("/api/users/me", status=401)
    app.post_json("/api/token/refresh", {"refresh": ann.refresh}, status=401)
    app.get("/api/task", headers={"Authorization": f"Bearer {personal}"}, status=401)


def test_a_token_can_be_used_once(confirm, link, signs_in, faulty_fields):
    token = link()
    confirm(token)

    assert faulty_fields(confirm(token, "a-third-word", status=400)) == ["token"]
    assert signs_in(NEW)


def test_one_of_two_concurrent_uses_is_refused(app, link):
    token = link()

    def use(password):
        body = {"token": token, "password": password}
        return TestApp(app.app).post_json(CONFIRM, body, expect_errors=True).status_int

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(use, ["word-number-1", "word-number-2"])) == [200, 400]


def test_a_reset_invalidates_all_other_links(confirm, link):
    first, second = link(), link()

    confirm(second)

    confirm(first, status=400)


def test_a_password_change_invalidates_links(client_of, ann, confirm, link):
    token = link()
    client_of(ann).patch_json("/api/users/me", {"password": NEW, "current_password": PASSWORD})

    confirm(token, "a-third-word", status=400)


def test_a_link_is_valid_for_an_hour(confirm, link, runtime, signs_in):
    token = link()
    with runtime.transaction() as session:
        life = session.scalar(func.min(AccountLink.expires_at - AccountLink.created_at))
        assert timedelta(minutes=59) < life <= timedelta(hours=1, seconds=5)
        session.execute(update(AccountLink).values(expires_at=func.now()))

    confirm(token, status=400)

    assert signs_in(PASSWORD)


@pytest.mark.parametrize(
    "change",
    [
        lambda admin, ann: admin.delete(f"/api/users/{ann.id}"),
        lambda admin, ann: admin.patch_json(f"/api/users/{ann.id}", {"is_active": False}),
        lambda admin, ann: admin.patch_json(f"/api/users/{ann.id}", {"email": "new@example.com"}),
    ],
    ids=["deleted", "deactivated", "another address"],
)
def test_a_link_is_invalid_after_a_change_of_the_account(admin, ann, confirm, link, change):
    token = link()
    change(admin, ann)

    confirm(token, status=400)


def test_a_deleted_account_leaves_no_links(admin, ann, link, runtime):
    link()
    admin.delete(f"/api/users/{ann.id}")

    assert rows(runtime, "account_link") == 0


@pytest.mark.parametrize("token", ["", "wrong", "ä", "a" * 50_000])
def test_an_unknown_token_is_refused(app, ann, confirm, faulty_fields, token):
    assert faulty_fields(confirm(token, status=400)) == ["token"]


def test_a_link_for_another_purpose_sets_no_password(confirm, link):
    confirm(link(LinkPurpose.EMAIL_VERIFICATION), status=400)


def test_a_password_that_is_too_short_does_not_use_the_link(confirm, link, faulty_fields):
    token = link()

    assert faulty_fields(confirm(token, "short", status=400)) == ["password"]
    confirm(token)


def test_a_reset_verifies_the_address(app, confirm, link):
    confirm(link())

    pair = app.post_json("/api/token", {"username": "ann", "password": NEW}).json
    shown = app.get("/api/users/me", headers={"Authorization": f"Bearer {pair['access']}"}).json
    assert shown["email_verified"] is True


def test_the_token_is_not_stored_in_the_database(link, runtime):
    token = link()

    with runtime.transaction() as session:
        row = session.query(AccountLink).one()
        assert len(row.digest) == 32
        assert token not in session.scalar(text("SELECT string_agg(l::text, ' ') FROM account_link l"))
        other = AccountLinkService(session, "another key of forty characters, at least")
        assert other.token(row.id) is None


@pytest.mark.parametrize("email", ["ann@example.com", "ANN@Example.com", "idle@example.com", "nobody@example.com"])
def test_requests_do_not_reveal_whether_an_account_has_the_address(app, ann, make_user, runtime, recorded, email):
    """Status, body, headers and SQL statements are equal, and therefore the response time too."""
    make_user("idle", is_active=False)
    with recorded() as usual:
        expected = app.post_json("/api/password-reset", {"email": "somebody@example.com"}, status=202)

    with recorded() as statements:
        answer = app.post_json("/api/password-reset", {"email": email}, status=202)

    assert (
        (answer.json, sorted(answer.headers))
        == (expected.json, sorted(expected.headers))
        == ({}, sorted(answer.headers))
    )
    assert statements == usual
    assert [statement.split()[:3] for statement in statements] == [["INSERT", "INTO", "notification_link_request"]]
    assert rows(runtime, "account_link") == 0


@pytest.mark.parametrize("body", [{}, {"email": "ann"}, {"email": None}, {"email": "a@b.de", "name": "ann"}])
def test_a_request_needs_an_address(app, runtime, problem, body):
    problem(app.post_json("/api/password-reset", body, status=400))


def test_the_page_of_the_link_is_self_contained_and_sends_no_referrer(app, runtime):
    page = app.get(CONFIRM, status=200)

    assert page.content_type == "text/html"
    assert 'type="password"' in page.text
    assert "src=" not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    script = re.search(r"<script>(.*)</script>", page.text, re.DOTALL)[1]
    own = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert f" script-src 'sha256-{own}';" in policy
