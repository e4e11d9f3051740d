import pytest
from sqlalchemy import text

from tms_core.models import LinkPurpose
from tms_core.services.account_links import AccountLinkService
from tms_testing.fixtures import PASSWORD

CONFIRM = "/api/email-verification/confirm"


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_notifications")


@pytest.fixture
def link(runtime, ann):
    """Create a link for ann and return its token."""

    def make(purpose=LinkPurpose.EMAIL_VERIFICATION) -> str:
        with runtime.transaction() as session:
            links = AccountLinkService(session, runtime.core.jwt_key)
            return links.token(links.create(purpose, "ann@example.com").id)

    return make


@pytest.fixture
def is_verified(as_ann):
    return lambda: as_ann.get("/api/users/me").json["email_verified"]


def requests(runtime) -> list[str]:
    with runtime.transaction() as session:
        return list(session.scalars(text("SELECT email FROM notification_link_request")))


def test_a_new_address_is_not_verified(app, runtime, is_verified):
    assert not is_verified()


def test_the_token_of_a_link_verifies_without_a_sign_in(app, link, is_verified):
    assert app.post_json(CONFIRM, {"token": link()}, status=200).json == {}

    assert is_verified()


def test_a_token_can_be_used_once(app, link, faulty_fields):
    token = link()
    app.post_json(CONFIRM, {"token": token})

    assert faulty_fields(app.post_json(CONFIRM, {"token": token}, status=400)) == ["token"]


def test_the_code_of_a_refused_link_says_why(app, as_ann, link, runtime):
    def code_of(token: str) -> str:
        (error,) = app.post_json(CONFIRM, {"token": token}, status=400).json["errors"]
        return error["code"]

    used, expired, outdated = link(), link(), link()
    app.post_json(CONFIRM, {"token": used}, status=200)
    with runtime.transaction() as session:
        session.execute(text("UPDATE account_link SET expires_at = now() WHERE id = 2"))
    as_ann.patch_json("/api/users/me", {"email": "new@example.com", "current_password": PASSWORD}, status=200)

    assert code_of(used) == "link_used"
    assert code_of(expired) == "link_expired"
    assert code_of(outdated) == "link_outdated"
    assert code_of(f"{outdated}x") == "link_invalid"
    assert code_of("of-no-link") == "link_invalid"


def test_a_password_reset_link_verifies_nothing(app, link, is_verified):
    app.post_json(CONFIRM, {"token": link(LinkPurpose.PASSWORD_RESET)}, status=400)

    assert not is_verified()


def test_a_changed_address_is_not_verified(app, as_ann, link, is_verified):
    app.post_json(CONFIRM, {"token": link()})

    change = {"email": "new@example.com", "current_password": PASSWORD}
    assert as_ann.patch_json("/api/users/me", change).json["email_verified"] is False
    assert not is_verified()


def test_a_link_to_the_old_address_does_not_verify_the_new_one(app, as_ann, link, is_verified):
    token = link()
    as_ann.patch_json("/api/users/me", {"email": "new@example.com", "current_password": PASSWORD})

    app.post_json(CONFIRM, {"token": token}, status=400)
    assert not is_verified()


def test_other_changes_leave_it_verified(app, as_ann, link, is_verified):
    app.post_json(CONFIRM, {"token": link()})
    whole = as_ann.get("/api/users/me").json

    as_ann.put_json("/api/users/me", {**whole, "first_name": "Anna"}, status=200)
    as_ann.patch_json("/api/users/me", {"password": "another-word", "current_password": PASSWORD})

    assert is_verified()


def test_email_verified_cannot_be_set_directly(as_ann, admin, ann, faulty_fields, is_verified):
    for caller in (as_ann, admin):
        answer = caller.patch_json(f"/api/users/{ann.id}", {"email_verified": True}, status=400)
        assert faulty_fields(answer) == ["email_verified"]
    assert not is_verified()


def test_owner_and_administrators_see_email_verified(as_ann, admin, client, ann):
    assert as_ann.get(f"/api/users/{ann.id}").json["email_verified"] is False
    assert admin.get(f"/api/users/{ann.id}").json["email_verified"] is False
    assert "email_verified" not in client.get(f"/api/users/{ann.id}").json


def test_a_link_is_requested_for_the_callers_address(as_ann, runtime):
    assert as_ann.post_json("/api/email-verification", {}, status=202).json == {}

    assert requests(runtime) == ["ann@example.com"]


def test_the_request_needs_no_body(as_ann, runtime):
    as_ann.post("/api/email-verification", status=202)


def test_no_link_is_sent_to_a_verified_address(app, as_ann, link, runtime):
    app.post_json(CONFIRM, {"token": link()})

    as_ann.post_json("/api/email-verification", {}, status=202)

    assert requests(runtime) == []


def test_the_request_needs_a_session(app, runtime, problem):
    problem(app.post_json("/api/email-verification", {}, status=401))


def test_opening_the_page_verifies_nothing(app, link, is_verified):
    link()
    assert "<button>" in app.get(CONFIRM).text

    assert not is_verified()
