"""Changes of e-mail addresses: permissions, notification of the old address, and undo."""

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, text, update

from tms_core.errors import ConflictError
from tms_core.models import AccountLink, LinkPurpose
from tms_core.services.account_checks import reject_taken
from tms_core.services.account_links import AccountLinkService
from tms_testing.fixtures import PASSWORD

UNDO = "/api/email-change/undo"
NEW = "new@example.com"
CHANGE = {"email": NEW, "current_password": PASSWORD}


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_notifications")


@pytest.fixture
def notified(runtime):
    """Return the mails to old addresses: recipient and token of the link."""

    def read() -> list[tuple[str, str | None]]:
        with runtime.transaction() as session:
            links = AccountLinkService(session, runtime.core.jwt_key)
            contexts = session.scalars(
                text("SELECT context FROM notification_mail WHERE kind = 'email_change' ORDER BY id")
            )
            return [(one["to"], links.token(one["link_id"]) if "link_id" in one else None) for one in contexts]

    return read


@pytest.fixture
def requested(runtime):
    """Return the addresses for which links were requested, by purpose."""

    def read() -> list[tuple[str, str]]:
        with runtime.transaction() as session:
            rows = session.execute(text("SELECT purpose, email FROM notification_link_request ORDER BY id"))
            return [tuple(row) for row in rows]

    return read


@pytest.fixture
def may_reset(runtime):
    """Whether a password reset link would be sent to an address."""

    def read(email) -> bool:
        with runtime.transaction() as session:
            links = AccountLinkService(session, runtime.core.jwt_key)
            return links.create(LinkPurpose.PASSWORD_RESET, email) is not None

    return read


@pytest.fixture
def verify(app, runtime):
    def use_link(email) -> None:
        with runtime.transaction() as session:
            links = AccountLinkService(session, runtime.core.jwt_key)
            token = links.token(links.create(LinkPurpose.EMAIL_VERIFICATION, email).id)
        app.post_json("/api/email-verification/confirm", {"token": token}, status=200)

    return use_link


@pytest.mark.parametrize("verb", ["patch_json", "put_json"])
def test_a_change_needs_the_password(as_ann, faulty_fields, problem, notified, verb):
    change = getattr(as_ann, verb)
    body = {"username": "ann", "email": NEW}

    assert faulty_fields(change("/api/users/me", body, status=400)) == ["current_password"]
    problem(change("/api/users/me", {**body, "current_password": "wrong-word"}, status=403))
    assert as_ann.get("/api/users/me").json["email"] == "ann@example.com"
    assert notified() == []
    assert change("/api/users/me", {**body, "current_password": PASSWORD}, status=200).json["email"] == NEW


def test_an_administrator_needs_the_password_for_its_own_address(admin, faulty_fields, notified):
    assert faulty_fields(admin.patch_json("/api/users/me", {"email": NEW}, status=400)) == ["current_password"]

    after = admin.patch_json("/api/users/me", CHANGE, status=200).json

    assert after["email_verified"] is False
    assert [to for to, _ in notified()] == ["root@example.com"]


def test_taken_addresses_are_not_revealed_without_the_password(as_ann, make_user):
    make_user("bob")

    for email in ("bob@example.com", NEW):
        as_ann.patch_json("/api/users/me", {"email": email}, status=400)
        as_ann.patch_json("/api/users/me", {"email": email, "current_password": "wrong"}, status=403)


def test_a_new_address_gets_one_verification_link_within_the_limit(as_ann, requested):
    as_ann.patch_json("/api/users/me", CHANGE)
    as_ann.patch_json("/api/users/me", {"first_name": "Ann"})
    assert requested() == [("email_verification", NEW)]

    for _ in range(10):
        as_ann.post_json("/api/email-verification", {}, expect_errors=True)
    as_ann.patch_json("/api/users/me", {**CHANGE, "email": "b@example.com"}, status=200)
    assert requested().count(("email_verification", "b@example.com")) == 0


def test_wrong_passwords_are_rate_limited(another_process, make_user, client_of, ann):
    app = another_process(**{"api.limit_sign_in_account": "2/minute"})
    headers = ann.headers

    for status in (403, 403, 429):
        app.patch_json("/api/users/me", {**CHANGE, "current_password": "wrong"}, headers=headers, status=status)


def test_the_old_address_is_notified_and_its_link_undoes_the_change(app, as_ann, client, ann, notified, requested):
    as_ann.patch_json("/api/users/me", CHANGE, status=200)
    ((to, token),) = notified()

    assert to == "ann@example.com"
    assert app.post_json(UNDO, {"token": token}, status=200).json == {}

    me = client.get(f"/api/users/{ann.id}").json
    assert me["username"] == "ann"
    assert requested() == [("email_verification", NEW), ("password_reset", "ann@example.com")]


def test_undoing_a_change_ends_all_access(app, as_ann, client_of, admin, ann, notified, may_reset):
    api_token = as_ann.post_json("/api/api-tokens", {"name": "x", "scopes": ["tasks:read"]}, status=201)
    as_ann.patch_json("/api/users/me", CHANGE)
    as_ann.patch_json("/api/users/me", {"password": "thiefs-word", "current_password": PASSWORD})
    thief = app.post_json("/api/token", {"username": NEW, "password": "thiefs-word"}).json

    app.post_json(UNDO, {"token": notified()[0][1]}, status=200)

    app.app.registry.revocations.refresh(force=True)
    app.get("/api/users/me", headers={"Authorization": f"Bearer {thief['access']}"}, status=401)
    app.get("/api/task", headers={"Authorization": f"Bearer {api_token.json['token']}"}, status=401)
    app.post_json("/api/token/refresh", {"refresh": thief["refresh"]}, status=401)
    for name in ("ann", "ann@example.com", NEW):
        for password in (PASSWORD, "thiefs-word"):
            app.post_json("/api/token", {"username": name, "password": password}, status=401)
    assert not may_reset(NEW)
    assert may_reset("ann@example.com")
    account = admin.get(f"/api/users/{ann.id}").json
    assert (account["email"], account["email_verified"]) == ("ann@example.com", True)


def test_the_link_works_once_and_for_seven_days(app, as_ann, notified, runtime, faulty_fields):
    as_ann.patch_json("/api/users/me", CHANGE)
    ((_, token),) = notified()
    with runtime.transaction() as session:
        assert session.scalar(select(AccountLink.expires_at - AccountLink.created_at)) == pytest.approx(
            timedelta(days=7), abs=timedelta(minutes=1)
        )
        session.execute(update(AccountLink).values(expires_at=func.now()))
    assert faulty_fields(app.post_json(UNDO, {"token": token}, status=400)) == ["token"]

    with runtime.transaction() as session:
        session.execute(update(AccountLink).values(expires_at=func.now() + timedelta(hours=1)))
    app.post_json(UNDO, {"token": token}, status=200)
    assert faulty_fields(app.post_json(UNDO, {"token": token}, status=400)) == ["token"]


def test_the_token_of_another_link_undoes_nothing(app, as_ann, runtime):
    as_ann.patch_json("/api/users/me", CHANGE)
    with runtime.transaction() as session:
        links = AccountLinkService(session, runtime.core.jwt_key)
        token = links.token(links.create(LinkPurpose.EMAIL_VERIFICATION, NEW).id)

    app.post_json(UNDO, {"token": token}, status=400)


def test_the_first_address_can_undo_several_changes(app, as_ann, admin, ann, notified, verify):
    as_ann.patch_json("/api/users/me", CHANGE)
    verify(NEW)
    as_ann.patch_json("/api/users/me", {**CHANGE, "email": "third@example.com"})
    (_, first), (_, second) = notified()

    app.post_json(UNDO, {"token": first}, status=200)

    app.post_json(UNDO, {"token": second}, status=400)
    assert admin.get(f"/api/users/{ann.id}").json["email"] == "ann@example.com"


def test_an_unverified_old_address_is_not_notified(as_ann, notified):
    as_ann.patch_json("/api/users/me", CHANGE)
    as_ann.patch_json("/api/users/me", {**CHANGE, "email": "third@example.com"})

    assert [to for to, _ in notified()] == ["ann@example.com"]


def test_the_old_address_is_reserved_while_its_link_is_valid(app, as_ann, client, notified, runtime, faulty_fields):
    as_ann.patch_json("/api/users/me", CHANGE)
    stranger = {"username": "eve", "email": "ANN@example。com", "password": PASSWORD}
    theirs = {"email": "ann@example.com", "current_password": PASSWORD}

    for answer in (
        app.post_json("/api/users", stranger, status=409),
        client.patch_json("/api/users/me", theirs, status=409),
    ):
        assert [fault["field"] for fault in answer.json["errors"]] == ["email"]
    as_ann.patch_json("/api/users/me", theirs, status=200)
    as_ann.patch_json("/api/users/me", CHANGE, status=200)

    with runtime.transaction() as session:
        session.execute(update(AccountLink).values(expires_at=func.now()))
    app.post_json("/api/users", stranger, status=201)


def test_the_old_address_is_reserved_during_the_change(app, as_ann, runtime):
    """The change commits between the registration's checks that the address is neither taken nor reserved."""
    changes = [lambda: as_ann.patch_json("/api/users/me", CHANGE, status=200)]

    def change_once(connection, cursor, statement, *rest) -> None:
        if changes and ("email_key" in statement or "reserved_key" in statement):
            changes.pop()()

    event.listen(runtime.engine, "after_cursor_execute", change_once)
    try:
        with runtime.transaction() as session, pytest.raises(ConflictError):
            reject_taken(session, {"email": "ann@example.com"})
    finally:
        event.remove(runtime.engine, "after_cursor_execute", change_once)

    assert as_ann.get("/api/users/me").json["email"] == NEW


class TestNewPasswords:
    def test_a_reset_link_is_sent_to_an_unverified_first_address(self, ann, may_reset):
        assert may_reset("ann@example.com")

    def test_a_reset_link_is_sent_to_a_changed_address_only_once_verified(self, as_ann, may_reset, verify):
        as_ann.patch_json("/api/users/me", CHANGE)
        assert not may_reset(NEW)
        assert not may_reset("ann@example.com")

        verify(NEW)
        assert may_reset(NEW)


class TestAdministrators:
    def test_an_address_set_by_an_administrator_counts_as_verified(self, admin, ann, may_reset):
        new = {"username": "bob", "email": "bob@example.com", "password": PASSWORD}

        made = admin.post_json("/api/users", new, status=201).json
        changed = admin.patch_json(f"/api/users/{ann.id}", {"email": NEW}, status=200).json

        assert admin.get(f"/api/users/{made['id']}").json["email_verified"] is True
        assert changed["email_verified"] is True
        assert may_reset(NEW)

    def test_a_registered_address_is_unverified(self, app, admin, runtime):
        made = app.post_json("/api/users", {"username": "bob", "email": "b@example.com", "password": PASSWORD}).json

        assert admin.get(f"/api/users/{made['id']}").json["email_verified"] is False

    def test_the_old_address_is_notified_without_a_link(self, admin, app, ann, notified):
        admin.patch_json(f"/api/users/{ann.id}", {"email": NEW})

        assert notified() == [("ann@example.com", None)]
        app.post_json("/api/users", {"username": "eve", "email": "ann@example.com", "password": PASSWORD}, status=201)


def test_the_page_of_the_link_changes_nothing_by_itself(app, as_ann, notified):
    as_ann.patch_json("/api/users/me", CHANGE)
    notified()

    assert "<button>" in app.get(UNDO).text
    assert as_ann.get("/api/users/me").json["email"] == NEW


def test_a_deactivated_account_stays_inactive(app, as_ann, admin, ann, notified):
    as_ann.patch_json("/api/users/me", CHANGE)
    ((_, token),) = notified()
    admin.patch_json(f"/api/users/{ann.id}", {"is_active": False})

    app.post_json(UNDO, {"token": token}, status=400)
