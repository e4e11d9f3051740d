"""`tms user`: management of accounts on the command line."""

import csv
import io
import json

import pytest

from tms_core.event_log.events import read_events
from tms_testing.fixtures import PASSWORD, Client


@pytest.fixture(scope="module")
def packages():
    return ("tms_api",)


@pytest.fixture
def sign_in(app):
    """Return the status of a sign-in."""

    def status(name, password=PASSWORD):
        credentials = {"username": name, "password": password}
        return app.post_json("/api/token", credentials, expect_errors=True).status_int

    return status


@pytest.fixture
def create(tms):
    def run(*args, password=PASSWORD):
        return tms("user", "create", *args, "--password-stdin", input=f"{password}\n")

    return run


@pytest.fixture
def listed(tms):
    """Return the accounts by user name."""
    return lambda: {one["username"]: one for one in json.loads(tms("user", "list", "--format", "json").stdout)}


class TestCreate:
    def test_a_created_account_can_sign_in(self, create, sign_in, listed):
        result = create("ann", "--email", "ann@ＥＸＡＭＰＬＥ.com")

        assert (result.exit_code, result.stdout) == (0, "created user ann with id 1\n")
        assert sign_in("ann@example.com") == 200
        assert listed()["ann"]["is_admin"] is False

    def test_the_first_administrator_gets_a_local_address(self, create, listed):
        assert create("root", "--admin").exit_code == 0

        account = listed()["root"]
        assert (account["email"], account["is_admin"]) == ("root@localhost", True)

    def test_the_address_counts_as_verified(self, create, app):
        create("root", "--admin")
        access = app.post_json("/api/token", {"username": "root", "password": PASSWORD}).json["access"]

        me = app.get("/api/users/me", headers={"Authorization": f"Bearer {access}"}).json
        assert me["email_verified"] is True

    @pytest.mark.parametrize(
        ("args", "password", "reason"),
        [
            (["bad name"], PASSWORD, "username: may have letters"),
            (["me"], PASSWORD, "username: must not be me"),
            (["аnn"], PASSWORD, "username: must keep to the letters and digits of one script"),
            (["ann", "--email", "notmail"], PASSWORD, "email: must be an e-mail address"),
            (["ann", "--email", "a@b..c"], PASSWORD, "two periods"),
            (["ann", "--email", "ü@x.com"], PASSWORD, "SMTPUTF8"),
            (["ann"], "short", "password: must have at least 8 characters"),
            (["ann"], "", "password: must have at least 8 characters"),
        ],
    )
    def test_the_rules_of_the_api_apply(self, create, listed, args, password, reason):
        result = create(*args, password=password)

        assert result.exit_code == 1
        assert result.stderr.startswith("Error: ")
        assert reason in result.stderr
        assert listed() == {}

    def test_all_faults_are_reported_at_once(self, create):
        result = create("bad name", "--email", "notmail", password="short")

        assert all(f"{field}: " in result.stderr for field in ("username", "email", "password"))

    def test_taken_values_are_reported(self, create):
        create("ann", "--email", "ann@example.com")

        result = create("ANN", "--email", "Ann@Example.com")

        assert result.stderr == "Error: username is taken; email is taken\n"

    def test_the_password_is_prompted_for_twice(self, tms, sign_in):
        result = tms("user", "create", "ann", input=f"{PASSWORD}\nother-word\n{PASSWORD}\n{PASSWORD}\n")

        assert result.exit_code == 0
        assert PASSWORD not in result.output
        assert sign_in("ann") == 200

    def test_the_option_password_stdin_is_advised_without_a_terminal(self, tms):
        result = tms("user", "create", "ann", input="")

        assert result.exit_code == 2
        assert "Error: no password was typed; --password-stdin reads it" in result.stderr


def test_disabled_accounts_do_not_sign_in_until_they_are_enabled(tms, make_user, sign_in, client_of):
    ann = make_user("ann")
    tokens = ann.refresh

    assert tms("user", "disable", "ＡＮＮ").exit_code == 0
    assert sign_in("ann") == 401

    assert tms("user", "enable", "ann").exit_code == 0
    assert sign_in("ann") == 200
    # Ended sessions stay ended.
    client_of(ann).post_json("/api/token/refresh", {"refresh": tokens}, status=401)


def test_deleting_needs_a_confirmation(tms, make_user, sign_in, listed):
    make_user("ann")

    assert tms("user", "delete", "ann", input="n\n").exit_code == 1
    assert sign_in("ann") == 200

    assert tms("user", "delete", "ann", input="y\n").exit_code == 0
    assert sign_in("ann") == 401
    assert listed() == {}


def test_open_tasks_of_a_deleted_account_are_unassigned_without_an_actor(tms, make_user, client, runtime, relay_once):
    ann = make_user("ann")
    task = client.post_json("/api/task", {"title": "T", "assigned_to": ann.id}).json

    assert tms("user", "delete", "ann", "--yes").exit_code == 0

    assert client.get(f"/api/task/{task['id']}").json["assigned_to"] is None
    relay_once()
    with runtime.transaction() as session:
        (event,) = read_events(session, after=1, limit=10)
    assert (event.actor_id, event.changes) == (None, {"assigned_to": [ann.id, None]})


def test_a_new_password_ends_all_sessions_and_personal_tokens(tms, app, make_user, sign_in):
    ann = make_user("ann")

    assert tms("user", "passwd", "ann", "--password-stdin", input="another-word\n").exit_code == 0

    assert (sign_in("ann"), sign_in("ann", "another-word")) == (401, 200)
    app.post_json("/api/token/refresh", {"refresh": ann.refresh}, status=401)


def test_a_new_password_keeps_to_the_rules(tms, make_user, sign_in):
    make_user("ann")

    result = tms("user", "passwd", "ann", "--password-stdin", input="short\n")

    assert "Error: password: must have at least 8 characters" in result.stderr
    assert sign_in("ann") == 200


def test_the_administrator_role_is_granted_and_revoked(tms, make_user, app):
    make_user("root", is_admin=True)
    ann = make_user("ann")

    assert tms("user", "admin", "ann", "on").stdout == "ann is an administrator now\n"
    assert tms("user", "admin", "root", "off").stdout == "root is no administrator now\n"

    access = app.post_json("/api/token", {"username": "ann", "password": PASSWORD}).json["access"]
    assert Client(app, type(ann)(ann.id, "ann", access, "", True)).get("/api/users/me").json["is_admin"] is True


@pytest.mark.parametrize(
    "args",
    [("admin", "root", "off"), ("disable", "root"), ("delete", "root", "--yes")],
    ids=lambda args: args[0],
)
def test_the_last_administrator_cannot_be_removed(tms, make_user, listed, args):
    make_user("root", is_admin=True)

    result = tms("user", *args)

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: This is the last active administrator")
    assert listed()["root"]["is_admin"] is True


@pytest.mark.parametrize(
    "args",
    [("enable", "eve"), ("disable", "eve"), ("delete", "eve", "--yes"), ("admin", "eve", "on"), ("passwd", "eve")],
    ids=lambda args: args[0],
)
def test_an_unknown_user_is_named(tms, args):
    result = tms("user", *args)

    assert (result.exit_code, result.stderr) == (2, "Error: there is no user eve\n")


def test_invalid_utf8_is_refused_with_a_message(tms, create):
    assert "Error: there is no user" in tms("user", "disable", "\udcff").stderr
    assert "Error: username: may have letters" in create("ann\udcff").stderr
    result = tms("user", "create", "ann", "--password-stdin", input=b"\xff\xff\xff\xff\xff\xff\xff\xff\n")
    assert (result.exit_code, result.stderr) == (2, "Error: the password is not UTF-8\n")


class TestList:
    def test_a_table_shows_no_control_characters_and_no_markup(self, tms, make_user):
        make_user("[red]ann\x1b[2J", email="a\r\nb@example.com")

        output = tms("user", "list").output

        assert "[red]ann [2J" in output
        assert "\x1b" not in output
        assert "a b@example.com" in output

    def test_csv_is_safe_for_spreadsheets(self, tms, make_user):
        make_user("+cmd", is_active=False)
        make_user("ann", email='"=1"@example.com')

        header, cmd, ann = csv.reader(io.StringIO(tms("user", "list", "--format", "csv").stdout))

        assert header == ["id", "username", "email", "is_admin", "is_active", "created_at"]
        assert cmd[:5] == ["1", "'+cmd", "'+cmd@example.com", "no", "no"]
        assert ann[2] == '"=1"@example.com'

    def test_json_has_what_the_api_shows_an_administrator(self, listed, make_user):
        make_user("ann", is_admin=True)

        account = listed()["ann"]

        assert account.pop("created_at").endswith("Z")
        assert account == {
            "id": 1,
            "username": "ann",
            "email": "ann@example.com",
            "is_admin": True,
            "is_active": True,
        }
