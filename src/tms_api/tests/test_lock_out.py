"""Guesses and mail requests by others do not lock the owner of an account out."""

import base64
from http.cookies import SimpleCookie

import pytest
from sqlalchemy import update
from webtest import TestApp

from tms_api.device_cookies import NAME
from tms_core.models import LinkPurpose, RefreshToken
from tms_core.services.account_links import AccountLinkService
from tms_testing.fixtures import PASSWORD, Client

HOME, CAFE = "203.0.113.9", "198.51.100.1"
NEW = "another-word"


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_notifications")


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.api.limit_sign_in_account": "2/minute",
        "tms.api.limit_sign_in_account_everywhere": "6/minute",
        "tms.api.limit_sign_in_address": "4/minute",
        "tms.api.limit_mail_account": "2/hour",
        "tms.api.limit_mail_account_everywhere": "4/hour",
    }


@pytest.fixture
def sign_in(app, ann):
    """Sign in from an address, optionally with a device cookie, and return the response."""

    def attempt(address, password=PASSWORD, name="ann", cookie=None, to=app):
        return TestApp(to.app).post_json(
            "/api/token",
            {"username": name, "password": password},
            headers={"Cookie": f"{NAME}={cookie}"} if cookie else {},
            extra_environ={"REMOTE_ADDR": address},
            expect_errors=True,
        )

    return attempt


@pytest.fixture
def guess_from_everywhere(sign_in):
    """Guess from many addresses until the account is locked for unknown clients."""

    def guess(name="ann"):
        for number in range(20):
            sign_in(f"192.0.2.{number}", "wrong-word", name)
        assert sign_in("192.0.2.99", PASSWORD, name).status_int == 429

    return guess


def cookie_of(answer) -> str:
    return SimpleCookie(answer.headers["Set-Cookie"])[NAME].value


class TestGuessing:
    def test_ten_wrong_passwords_from_elsewhere_do_not_lock_the_owner_out(self, sign_in):
        for _ in range(10):
            sign_in(CAFE, "wrong-word")

        assert sign_in(CAFE).status_int == 429
        assert sign_in(HOME).status_int == 200

    def test_guesses_from_many_networks_lock_unknown_clients_out(self, sign_in, guess_from_everywhere):
        guess_from_everywhere()

        assert sign_in(HOME).status_int == 429

    def test_a_network_with_an_open_session_is_not_locked_out(self, sign_in, guess_from_everywhere):
        sign_in(HOME)
        guess_from_everywhere()

        assert sign_in(CAFE).status_int == 429
        assert sign_in(HOME).status_int == 200
        assert sign_in(HOME, name="ann@example.com").status_int == 200

    def test_a_known_ipv6_network_is_not_locked_out(self, sign_in, guess_from_everywhere):
        sign_in("2001:db8:1:2::1")
        guess_from_everywhere()

        assert sign_in("2001:db8:1:2::99").status_int == 200
        assert sign_in("2001:db8:1:3::1").status_int == 429

    def test_an_ended_session_makes_no_network_known(self, app, sign_in, guess_from_everywhere):
        pair = sign_in(HOME).json
        app.post_json("/api/token/revoke", {"refresh": pair["refresh"]})
        guess_from_everywhere()

        assert sign_in(HOME).status_int == 429

    def test_a_session_of_another_user_makes_no_network_known(self, sign_in, make_user, guess_from_everywhere):
        make_user("bob")
        sign_in(HOME, name="bob")
        guess_from_everywhere()

        assert sign_in(HOME).status_int == 429

    def test_a_known_network_still_has_few_guesses(self, sign_in, guess_from_everywhere):
        sign_in(HOME)
        guess_from_everywhere()

        assert [sign_in(HOME, "wrong-word").status_int for _ in range(3)] == [401, 401, 429]

    def test_a_known_device_is_not_locked_out_anywhere(self, sign_in, guess_from_everywhere):
        cookie = cookie_of(sign_in(HOME))
        guess_from_everywhere()

        assert sign_in(CAFE, cookie=cookie).status_int == 200
        assert sign_in(CAFE, cookie=cookie, name="ann@example.com").status_int == 200

    def test_a_known_device_is_not_locked_out_by_guesses_from_its_own_network(self, sign_in):
        cookie = cookie_of(sign_in(HOME))
        for number in range(10):
            sign_in(HOME, "wrong-word", f"user{number}")

        assert sign_in(HOME).status_int == 429
        assert sign_in(HOME, cookie=cookie).status_int == 200

    def test_guesses_at_a_name_like_an_id_do_not_block_that_users_password_change(
        self, app, sign_in, ann, guess_from_everywhere
    ):
        for name in (f"#{ann.id}", str(ann.id)):
            guess_from_everywhere(name)

        body = {"password": NEW, "current_password": PASSWORD}
        Client(app, ann).patch_json("/api/users/me", body, status=200)

    def test_guesses_with_a_stolen_access_token_do_not_lock_the_owner_out(self, app, sign_in, ann):
        body = {"password": NEW, "current_password": "wrong-word"}
        for _ in range(3):
            Client(app, ann).patch_json("/api/users/me", body, extra_environ={"REMOTE_ADDR": CAFE}, status="*")

        right = {**body, "current_password": PASSWORD}
        Client(app, ann).patch_json("/api/users/me", right, extra_environ={"REMOTE_ADDR": CAFE}, status=429)
        Client(app, ann).patch_json("/api/users/me", right, extra_environ={"REMOTE_ADDR": HOME}, status=200)

    def test_a_lock_out_does_not_show_whether_the_account_exists(self, sign_in, guess_from_everywhere, problem):
        for name in ("ann", "nobody"):
            guess_from_everywhere(name)

        documents = [problem(sign_in(CAFE, name=name)) for name in ("ann", "nobody")]

        assert {document["status"] for document in documents} == {429}
        assert documents[0].keys() == documents[1].keys()


class TestDeviceCookie:
    def test_a_device_cookie_is_http_only_and_same_site(self, sign_in):
        cookie = SimpleCookie(sign_in(HOME).headers["Set-Cookie"])[NAME]

        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/api")
        assert not cookie["secure"]
        assert 0 < int(cookie["max-age"]) <= 400 * 24 * 60 * 60

    def test_a_device_cookie_is_secure_where_the_public_url_is_https(self, sign_in, another_process):
        answer = sign_in(HOME, to=another_process(public_url="https://tasks.example.org"))

        assert SimpleCookie(answer.headers["Set-Cookie"])[NAME]["secure"]

    def test_a_refused_sign_in_sets_no_device_cookie(self, sign_in):
        assert "Set-Cookie" not in sign_in(HOME, "wrong-word").headers

    def test_a_device_cookie_does_not_authenticate(self, app, sign_in):
        cookie = cookie_of(sign_in(HOME))

        assert sign_in(CAFE, "wrong-word", cookie=cookie).status_int == 401
        app.get("/api/users/me", headers={"Cookie": f"{NAME}={cookie}"}, status=401)

    def test_each_device_cookie_has_few_guesses_of_its_own(self, sign_in):
        first, second = (cookie_of(sign_in(HOME)) for _ in range(2))

        answers = [sign_in(f"192.0.2.{n}", "wrong-word", cookie=first).status_int for n in range(3)]

        assert answers == [401, 401, 429]
        assert sign_in(CAFE, cookie=first).status_int == 429
        assert sign_in(CAFE, cookie=second).status_int == 200

    def test_a_device_cookie_of_another_account_is_ignored(self, sign_in, make_user, guess_from_everywhere):
        make_user("bob")
        cookie = cookie_of(sign_in(HOME, name="bob"))
        guess_from_everywhere()

        assert sign_in(CAFE, cookie=cookie).status_int == 429

    def test_a_device_cookie_ends_with_the_password(self, app, ann, sign_in, guess_from_everywhere):
        """Otherwise a thief of the password could collect cookies and guess the next password with each."""
        cookie = cookie_of(sign_in(HOME))
        body = {"password": NEW, "current_password": PASSWORD}
        changed = Client(app, ann).patch_json("/api/users/me", body, extra_environ={"REMOTE_ADDR": HOME}, status=200)
        guess_from_everywhere()

        assert sign_in(CAFE, NEW, cookie=cookie).status_int == 429
        assert sign_in(CAFE, NEW, cookie=cookie_of(changed)).status_int == 200

    def test_other_account_changes_set_no_device_cookie(self, app, ann, admin):
        assert "Set-Cookie" not in Client(app, ann).patch_json("/api/users/me", {"first_name": "Ann"}).headers
        assert "Set-Cookie" not in admin.patch_json(f"/api/users/{ann.id}", {"password": NEW}).headers

    def test_a_password_reset_sets_a_device_cookie(self, app, runtime, sign_in, guess_from_everywhere):
        guess_from_everywhere()
        with runtime.transaction() as session:
            links = AccountLinkService(session, runtime.core.jwt_key)
            token = links.token(links.create(LinkPurpose.PASSWORD_RESET, "ann@example.com").id)

        answer = app.post_json("/api/password-reset/confirm", {"token": token, "password": NEW}, status=200)

        assert sign_in(CAFE, NEW, cookie=cookie_of(answer)).status_int == 200

    @pytest.mark.parametrize("spoil", ["", "x", "..", "1.x.", "1..", "\xe4.\xe4.\xe4", "1." + "x" * 5000], ids=repr)
    def test_a_malformed_device_cookie_is_ignored(self, sign_in, guess_from_everywhere, spoil):
        guess_from_everywhere()

        assert sign_in(CAFE, cookie=spoil).status_int == 429

    def test_a_forged_device_cookie_is_ignored(self, sign_in, guess_from_everywhere):
        device, _, signature = cookie_of(sign_in(HOME)).rpartition(".")
        other = base64.urlsafe_b64encode(b"x" * 16).decode().rstrip("=")
        guess_from_everywhere()

        for cookie in (f"{device}{other}.{signature}", f"{device}.{signature[::-1]}", f"2.{device}.{signature}"):
            assert sign_in(CAFE, cookie=cookie).status_int == 429


class TestMails:
    @pytest.fixture
    def ask(self, app, ann):
        """Request a password reset for ann."""

        def request(address, cookie=None):
            return (
                TestApp(app.app)
                .post_json(
                    "/api/password-reset",
                    {"email": "ann@example.com"},
                    headers={"Cookie": f"{NAME}={cookie}"} if cookie else {},
                    extra_environ={"REMOTE_ADDR": address},
                    expect_errors=True,
                )
                .status_int
            )

        return request

    def test_reset_requests_from_elsewhere_do_not_block_the_owner(self, ask):
        assert [ask(CAFE) for _ in range(5)] == [202, 202, 429, 429, 429]

        assert ask(HOME) == 202

    def test_reset_requests_from_many_networks_do_not_block_known_clients(self, ask, sign_in):
        cookie = cookie_of(sign_in(HOME))
        assert [ask(f"192.0.2.{number}") for number in range(6)] == [202] * 4 + [429] * 2

        assert ask(HOME) == 202
        assert ask(CAFE) == 429
        assert [ask(CAFE, cookie) for _ in range(3)] == [202, 202, 429]

    def test_reset_requests_of_others_do_not_block_verification(self, app, ann, ask):
        for number in range(6):
            ask(f"192.0.2.{number}")

        me = Client(app, ann)
        answers = [me.post_json("/api/email-verification", {}, status="*").status_int for _ in range(3)]

        assert answers == [202, 202, 429]

    def test_verification_mails_to_one_address_are_limited_across_accounts(self, app, make_user, ann, runtime):
        """Each account sets the address in turn."""
        answers = []
        for number in range(3):
            user = make_user(f"eve{number}", email="victim@example.org")
            me = Client(app, user)
            answers += [me.post_json("/api/email-verification", {}, status="*").status_int for _ in range(2)]
            me.patch_json("/api/users/me", {"email": f"eve{number}@example.org", "current_password": PASSWORD})

        assert answers == [202] * 4 + [429] * 2


def test_a_session_without_an_address_makes_no_network_known(sign_in, runtime, guess_from_everywhere):
    sign_in(HOME)
    with runtime.transaction() as session:
        session.execute(update(RefreshToken).values(address=None))
    guess_from_everywhere()

    assert sign_in(HOME).status_int == 429
