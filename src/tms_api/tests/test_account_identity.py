"""One account for all spellings of a name or an address, over HTTP: registering, signing in, changing, resetting."""

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


def test_what_is_registered_is_shown_in_its_canonical_form(register):
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
def test_what_cannot_be_a_name_an_address_or_a_password_is_refused_with_the_reason(
    app, admin, client, register, faulty_fields, change, field
):
    for answer in (
        register(**change, status=400),
        client.patch_json("/api/users/me", {**change, "current_password": PASSWORD}, status=400),
        admin.patch_json(f"/api/users/{client.user.id}", change, status=400),
    ):
        assert faulty_fields(answer) == [field]
        assert len(faults(answer)[0][1]) > 10


def test_all_faults_come_at_once_whichever_rule_they_break(register, faulty_fields):
    answer = register("аnn", "ü@x.com", status=400, first_name=1, nick="x")

    assert faulty_fields(answer) == ["email", "first_name", "nick", "username"]


def test_where_the_mail_server_offers_it_letters_beyond_ascii_are_taken(another_process):
    app = another_process(smtputf8="true")
    body = {"username": "ann", "email": "u\u0308@x.com", "password": PASSWORD}

    assert app.post_json("/api/users", body, status=201).json["email"] == "ü@x.com"


def test_a_taken_name_and_a_taken_address_are_told_together(register):
    register("ann", "ann@example.com")
    register("bob", "bob@example.com")

    answer = register("ANN", "Bob@Example.com", status=409)

    assert faults(answer) == [("username", "is taken"), ("email", "is taken")]
    assert answer.json["detail"] == "username is taken; email is taken"


@pytest.mark.parametrize("typed", ["Täglich neu!", "Ta\u0308glich neu!", "Ta\u0308glich\u00a0neu!"])
def test_a_password_fits_however_a_keyboard_composes_it(register, sign_in, typed):
    register(password="Täglich neu!")

    sign_in("ann", typed)


def test_a_password_from_before_is_taken_as_it_was_typed(make_user, runtime, sign_in):
    make_user("ann")
    old = "Ta\u0308glich neu!"
    with runtime.transaction() as session:
        session.execute(text("UPDATE users SET password_hash = :hash"), {"hash": HASHER.hash(old)})

    sign_in("ann", old)
    sign_in("ann", "Täglich neu", status=401)


class TestAccountsFromBefore:
    """Rows that today's rules would not make, or not twice."""

    @pytest.fixture
    def old(self, make_user, runtime):
        """An account with a name and an address as they stood; `has_keys` is False where another one had them first."""

        def make(username, email, *, has_keys=True):
            made = make_user()
            with runtime.transaction() as session:
                user = session.get_one(User, made.id)
                user.username, user.email = username, email
                if not has_keys:
                    user.username_key = user.email_key = None
            return made

        return make

    def test_two_that_are_spelled_alike_stay_two(self, app, register, sign_in, old):
        new = register("fish", "x@example.com").json["id"]
        one = old("ﬁsh", "x@ｅｘａｍｐｌｅ.com", has_keys=False).id

        def who(spelling):
            access = sign_in(spelling).json["access"]
            return app.get("/api/users/me", headers={"Authorization": f"Bearer {access}"}).json["id"]

        assert [who("ﬁsh"), who("x@ｅｘａｍｐｌｅ.com")] == [one, one]
        assert [who("fish"), who("ＦＩＳＨ"), who("x@example.com"), who("X@example。com")] == [new] * 4

    @pytest.mark.parametrize("has_keys", [True, False])
    def test_what_they_have_stays_when_something_else_changes(self, old, client_of, has_keys):
        as_old = client_of(old("аnn.me", "a@b..c", has_keys=has_keys))
        whole = as_old.get("/api/users/me").json

        after = as_old.put_json("/api/users/me", {**whole, "first_name": "Ann"}, status=200).json

        assert after == {**whole, "first_name": "Ann"}

    def test_their_mailbox_cannot_be_registered_again(self, register, old):
        old("ﬁsh", "x@ｅｘａｍｐｌｅ.com")

        answer = register("fish", "x@example.com", status=409)

        assert faults(answer) == [("username", "is taken"), ("email", "is taken")]

    def test_to_spell_ones_address_canonically_is_no_change_of_it(self, old, client_of):
        as_old = client_of(old("ann", "X@ｅｘａｍｐｌｅ.com"))

        assert (
            as_old.patch_json("/api/users/me", {"email": "X@example.com"}, status=200).json["email"] == "X@example.com"
        )

    def test_they_may_have_a_link_mailed(self, app, old, runtime):
        old("ann", "x@ｅｘａｍｐｌｅ.com", has_keys=False)

        app.post_json("/api/password-reset", {"email": "x@ｅｘａｍｐｌｅ.com"}, status=202)

        with runtime.transaction() as session:
            assert session.scalar(text("SELECT email FROM notification_link_request")) == "x@ｅｘａｍｐｌｅ.com"


def test_guesses_at_one_account_count_together_however_it_is_spelled(another_process, make_user):
    app = another_process(**{"api.limit_sign_in_account": "2/minute"})
    make_user("fish")

    for name, status in (("fish", 401), ("ﬁsh", 401), ("ＦＩＳＨ", 429)):
        app.post_json("/api/token", {"username": name, "password": "wrong"}, status=status)
