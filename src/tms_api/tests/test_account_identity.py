"""Normalisation of user names and e-mail addresses in registration, sign-in, changes and password resets."""

import pytest
from sqlalchemy import text

from tms_core.models import User
from tms_core.services.passwords import HASHER
from tms_testing.fixtures import PASSWORD


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_notifications")


@pytest.fixture
def register(app):
    def post(username="ann", email="ann@example.com", status=201, **more):
        body = {"username": username, "email": email, "password": PASSWORD} | more
        return app.post_json("/api/users", body, status=status)

    return post


@pytest.fixture
def sign_in(app):
    return lambda name, password=PASSWORD, status=200: app.post_json(
        "/api/token", {"username": name, "password": password}, status=status
    )


def faults(answer):
    return [(fault["field"], fault["message"]) for fault in answer.json["errors"]]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("x@example.com", "x@ｅｘａｍｐｌｅ.com"),
        ("x@example.com", "x@ex\u200bample.com"),
        ("x@example.com", "x@example。com"),
        ("x@example.com", "X@EXAMPLE.COM"),
        ("x@münchen.de", "x@xn--mnchen-3ya.de"),
        ("x@xn--mnchen-3ya.de", "x@münchen.de"),
        ("ab@x.com", '"ab"@x.com'),
    ],
)
def test_a_mailbox_has_one_account_however_it_is_spelled(register, sign_in, first, second):
    register("one", first)

    assert faults(register("two", second, status=409)) == [("email", "is taken")]
    sign_in(second)


def test_sharp_s_is_not_ss_in_a_domain(register, sign_in):
    shown = register("one", "x@faß.de").json["email"]
    register("two", "x@fass.de")

    assert shown == "x@faß.de"
    sign_in("x@xn--fa-hia.de")


@pytest.mark.parametrize(
    ("first", "second"), [("ann", "ANN"), ("fish", "ﬁsh"), ("ａｎｎ", "ann"), ("straße", "STRASSE"), ("Σοφός", "σοφόσ")]
)
def test_a_name_has_one_account_however_it_is_spelled(register, sign_in, first, second):
    register(first, "one@example.com")

    assert faults(register(second, "two@example.com", status=409)) == [("username", "is taken")]
    sign_in(second)


def test_registered_names_are_shown_in_canonical_form(register):
    made = register("ａｎｎ", "Ann@ＥＸＡＭＰＬＥ.com").json

    assert (made["username"], made["email"]) == ("ann", "Ann@example.com")


@pytest.mark.parametrize("name", ["सीता", "தமிழ்", "สมชาย", "שָׁלוֹם", "田中さん"])
def test_names_of_every_script_can_be_registered(register, sign_in, name):
    register(name)

    sign_in(name)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "me"}, "username"),
        ({"username": "NONE"}, "username"),
        ({"username": ".."}, "username"),
        ({"username": "аnn"}, "username"),
        ({"username": "a\u200bnn"}, "username"),
        ({"email": "a@b..c"}, "email"),
        ({"email": "mailto:x@y.com"}, "email"),
        ({"email": "x@y.com?subject=z"}, "email"),
        ({"email": "ü@x.com"}, "email"),
        ({"email": "a\u202e@x.com"}, "email"),
        ({"password": "e\u0301" * 7}, "password"),
    ],
)
def test_invalid_names_addresses_and_passwords_are_refused_with_the_reason(
    app, admin, client, register, faulty_fields, change, field
):
    for answer in (
        register(**change, status=400),
        client.patch_json("/api/users/me", {**change, "current_password": PASSWORD}, status=400),
        admin.patch_json(f"/api/users/{client.user.id}", change, status=400),
    ):
        assert faulty_fields(answer) == [field]
        assert len(faults(answer)[0][1]) > 10


def test_all_validation_errors_are_reported_at_once(register, faulty_fields):
    answer = register("аnn", "ü@x.com", status=400, first_name=1, nick="x")

    assert faulty_fields(answer) == ["email", "first_name", "nick", "username"]


def test_non_ascii_addresses_are_accepted_with_smtputf8(another_process):
    app = another_process(smtputf8="true")
    body = {"username": "ann", "email": "u\u0308@x.com", "password": PASSWORD}

    assert app.post_json("/api/users", body, status=201).json["email"] == "ü@x.com"


def test_a_taken_name_and_a_taken_address_are_reported_together(register):
    register("ann", "ann@example.com")
    register("bob", "bob@example.com")

    answer = register("ANN", "Bob@Example.com", status=409)

    assert faults(answer) == [("username", "is taken"), ("email", "is taken")]
    assert answer.json["detail"] == "username is taken; email is taken"


@pytest.mark.parametrize("typed", ["Täglich neu!", "Ta\u0308glich neu!", "Ta\u0308glich\u00a0neu!"])
def test_passwords_match_in_any_unicode_composition(register, sign_in, typed):
    register(password="Täglich neu!")

    sign_in("ann", typed)


def test_an_old_password_matches_as_it_was_typed(make_user, runtime, sign_in):
    make_user("ann")
    old = "Ta\u0308glich neu!"
    with runtime.transaction() as session:
        session.execute(text("UPDATE users SET password_hash = :hash"), {"hash": HASHER.hash(old)})

    sign_in("ann", old)
    sign_in("ann", "Täglich neu", status=401)


class TestAccountsFromBefore:
    """Accounts that the present rules would reject, or treat as duplicates."""

    @pytest.fixture
    def old(self, make_user, runtime):
        """Create an account with an unnormalised name and address. Without `has_keys`, another account has the keys."""

        def make(username, email, *, has_keys=True):
            made = make_user()
            with runtime.transaction() as session:
                user = session.get_one(User, made.id)
                user.username, user.email = username, email
                if not has_keys:
                    user.username_key = user.email_key = None
            return made

        return make

    def test_accounts_with_equal_keys_stay_separate(self, app, register, sign_in, old):
        new = register("fish", "x@example.com").json["id"]
        one = old("ﬁsh", "x@ｅｘａｍｐｌｅ.com", has_keys=False).id

        def who(spelling):
            access = sign_in(spelling).json["access"]
            return app.get("/api/users/me", headers={"Authorization": f"Bearer {access}"}).json["id"]

        assert [who("ﬁsh"), who("x@ｅｘａｍｐｌｅ.com")] == [one, one]
        assert [who("fish"), who("ＦＩＳＨ"), who("x@example.com"), who("X@example。com")] == [new] * 4

    @pytest.mark.parametrize("has_keys", [True, False])
    def test_old_names_are_kept_when_other_fields_change(self, old, client_of, has_keys):
        as_old = client_of(old("аnn.me", "a@b..c", has_keys=has_keys))
        whole = as_old.get("/api/users/me").json

        after = as_old.put_json("/api/users/me", {**whole, "first_name": "Ann"}, status=200).json

        assert after == {**whole, "first_name": "Ann"}

    def test_an_old_mailbox_cannot_be_registered_again(self, register, old):
        old("ﬁsh", "x@ｅｘａｍｐｌｅ.com")

        answer = register("fish", "x@example.com", status=409)

        assert faults(answer) == [("username", "is taken"), ("email", "is taken")]

    def test_the_canonical_spelling_of_an_address_is_no_change(self, old, client_of):
        as_old = client_of(old("ann", "X@ｅｘａｍｐｌｅ.com"))

        assert (
            as_old.patch_json("/api/users/me", {"email": "X@example.com"}, status=200).json["email"] == "X@example.com"
        )

    def test_old_accounts_can_request_a_link(self, app, old, runtime):
        old("ann", "x@ｅｘａｍｐｌｅ.com", has_keys=False)

        app.post_json("/api/password-reset", {"email": "x@ｅｘａｍｐｌｅ.com"}, status=202)

        with runtime.transaction() as session:
            assert session.scalar(text("SELECT email FROM notification_link_request")) == "x@ｅｘａｍｐｌｅ.com"


def test_guesses_with_all_spellings_of_a_name_share_a_limit(another_process, make_user):
    app = another_process(**{"api.limit_sign_in_account": "2/minute"})
    make_user("fish")

    for name, status in (("fish", 401), ("ﬁsh", 401), ("ＦＩＳＨ", 429)):
        app.post_json("/api/token", {"username": name, "password": "wrong"}, status=status)
