"""Personal API tokens: creation, scopes, limits and revocation."""

import re
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from pyramid.interfaces import ISecurityPolicy
from sqlalchemy import func, select, text, update

from tms_api.tasks import forget_ended_sessions
from tms_core.auth import personal_tokens
from tms_core.celery import use
from tms_core.models import AccountLink, PersonalToken, RefreshToken
from tms_testing.fixtures import PASSWORD

pytestmark = pytest.mark.usefixtures("tokens_read_at_every_request")

URL = "/api/api-tokens"
ALL = ["tasks:read", "tasks:write", "users:read"]


@pytest.fixture
def make_token(as_ann):
    """Create a token of ann's and return the response's JSON."""

    def make(**fields):
        body = {"name": "script", "scopes": ALL, "expires_at": None, **fields}
        return as_ann.post_json(URL, body, status=201).json

    return make


@pytest.fixture
def opens(app):
    """Whether a process accepts a token for the task list."""

    def read(token: str, process=app) -> bool:
        answer = process.get("/api/task", headers={"Authorization": f"Bearer {token}"}, expect_errors=True)
        assert answer.status_int in (200, 401)
        return answer.status_int == 200

    return read


@pytest.fixture
def change(runtime):
    """Set columns of all tokens."""

    def set_(**values):
        with runtime.transaction() as session:
            session.execute(update(PersonalToken).values(**values))

    return set_


def test_a_token_is_shown_once_and_then_by_its_hint(as_ann, make_token):
    made = make_token(name="  Nightly export ")

    token = made.pop("token")
    assert re.fullmatch(r"tms_[\w-]{43}", token)
    assert made["hint"] == token[:8]
    assert (made["name"], made["scopes"]) == ("Nightly export", sorted(ALL))
    assert (made["expires_at"], made["last_used_at"]) == (None, None)
    assert as_ann.get(URL).json == {"count": 1, "next": None, "previous": None, "results": [made]}


def test_the_response_with_the_token_is_not_cacheable(as_ann):
    answer = as_ann.post_json(URL, {"name": "a", "scopes": ALL, "expires_at": None}, headers={"Idempotency-Key": "k"})

    assert answer.headers["Cache-Control"] == "no-store"
    again = as_ann.post_json(URL, {"name": "a", "scopes": ALL, "expires_at": None}, headers={"Idempotency-Key": "k"})
    assert again.json["token"] != answer.json["token"]


def test_the_token_is_not_stored_in_the_database(make_token, runtime):
    token = make_token()["token"]

    with runtime.transaction() as session:
        row = session.scalars(select(PersonalToken)).one()
        texts = session.scalars(
            text("SELECT t::text FROM personal_token t UNION ALL SELECT k::text FROM api_idempotency_key k")
        )
        assert not any(token[8:] in one for one in texts)
    assert len(row.digest) == 32


def test_a_token_acts_as_its_user(app, ann, make_token):
    headers = {"Authorization": f"bearer {make_token()['token']}"}

    made = app.post_json("/api/task", {"title": "By a script"}, headers=headers, status=201).json

    assert made["created_by"] == ann.id
    assert app.get("/api/users/me", headers=headers).json["username"] == "ann"
    assert app.get("/api/task?created_by=me", headers=headers).json["count"] == 1


def test_an_administrators_token_sees_what_an_administrator_sees(app, admin, ann):
    token = admin.post_json(URL, {"name": "a", "scopes": ["users:read"], "expires_at": None}).json["token"]
    shown = app.get(f"/api/users/{ann.id}", headers={"Authorization": f"Bearer {token}"}).json

    assert shown["email"] == "ann@example.com"


def test_an_administrators_token_makes_no_administrators(app, admin, problem):
    """Registration is open; there, a personal token grants nothing."""
    scopes = [*ALL]
    token = admin.post_json(URL, {"name": "a", "scopes": scopes, "expires_at": None}).json["token"]
    body = {"username": "eve", "email": "eve@example.com", "password": PASSWORD, "is_admin": True}

    problem(app.post_json("/api/users", body, headers={"Authorization": f"Bearer {token}"}, status=403))


def test_a_demoted_administrator_has_no_administrators_token(app, admin, make_user, client_of):
    bob = make_user("bob", is_admin=True)
    token = client_of(bob).post_json(URL, {"name": "a", "scopes": ["users:read"], "expires_at": None}).json["token"]
    admin.patch_json(f"/api/users/{bob.id}", {"is_admin": False})

    shown = app.get(f"/api/users/{admin.user.id}", headers={"Authorization": f"Bearer {token}"}, status=200).json
    assert "email" not in shown


def test_a_token_ends_when_it_expires(make_token, opens, change):
    soon = datetime.now(UTC) + timedelta(hours=1)
    token = make_token(expires_at=soon.isoformat())["token"]
    assert opens(token)

    change(expires_at=func.now())

    assert not opens(token)


def test_a_revoked_token_is_refused_and_not_listed(as_ann, make_token, opens):
    kept, made = make_token(), make_token()

    assert as_ann.delete(f"{URL}/{made['id']}", status=200).json == {}

    assert not opens(made["token"])
    assert opens(kept["token"])
    assert [one["id"] for one in as_ann.get(URL).json["results"]] == [kept["id"]]
    as_ann.delete(f"{URL}/{made['id']}", status=404)


def test_revocation_reaches_other_processes(as_ann, make_token, opens, another_process):
    made = make_token()
    other = another_process()
    assert opens(made["token"], other)

    as_ann.delete(f"{URL}/{made['id']}")

    assert not opens(made["token"], other)


def test_cached_tokens_are_at_most_a_second_old(as_ann, make_token, opens, monkeypatch):
    made = make_token()
    with monkeypatch.context() as patch:
        patch.setattr(personal_tokens, "INTERVAL", 3600)
        assert opens(made["token"])
        as_ann.delete(f"{URL}/{made['id']}")
        assert opens(made["token"])

    assert not opens(made["token"])


def test_the_interval_is_less_than_a_second(monkeypatch):
    monkeypatch.undo()

    assert personal_tokens.INTERVAL < 1


def test_a_cached_token_needs_no_query(make_token, app, recorded, monkeypatch):
    headers = {"Authorization": f"Bearer {make_token()['token']}"}
    monkeypatch.setattr(personal_tokens, "INTERVAL", 3600)
    app.get("/api/task/1", headers=headers, status=404)

    with recorded() as statements:
        app.get("/api/task/1", headers=headers, status=404)

    assert [statement for statement in statements if "FROM task" not in statement] == []


def test_the_last_use_is_recorded_once_per_minute(as_ann, make_token, opens, change, recorded):
    token = make_token()["token"]
    opens(token)
    (first,) = as_ann.get(URL).json["results"]
    assert first["last_used_at"] is not None

    with recorded() as statements:
        opens(token)
    assert not any("UPDATE personal_token" in statement for statement in statements)

    change(last_used_at=func.now() - timedelta(minutes=2))
    opens(token)
    (later,) = as_ann.get(URL).json["results"]
    assert later["last_used_at"] > first["last_used_at"]


@pytest.mark.parametrize(
    "ending",
    [
        lambda admin, ann: admin.patch_json(f"/api/users/{ann.id}", {"is_active": False}),
        lambda admin, ann: admin.delete(f"/api/users/{ann.id}"),
        lambda admin, ann: admin.patch_json(f"/api/users/{ann.id}", {"password": "another-word"}),
    ],
    ids=["deactivated", "deleted", "reset by an administrator"],
)
def test_a_token_ends_with_its_user_and_is_not_restored(admin, ann, make_token, opens, ending, runtime):
    token = make_token()["token"]
    assert opens(token)

    ending(admin, ann)

    assert not opens(token)
    with runtime.transaction() as session:
        session.execute(
            text("UPDATE users SET is_active = true, deleted_at = NULL, email = 'a@b.de' WHERE id = :id"),
            {"id": ann.id},
        )
    assert not opens(token)


def test_an_inactive_users_token_is_refused_even_if_not_revoked(make_token, opens, runtime, ann):
    token = make_token()["token"]
    with runtime.transaction() as session:
        session.execute(text("UPDATE users SET is_active = false WHERE id = :id"), {"id": ann.id})

    assert not opens(token)


class TestRecentAuthentication:
    """A stolen access token alone does not suffice to create a personal token."""

    BODY = {"name": "script", "scopes": ALL, "expires_at": None}

    @pytest.fixture
    def signed_in_before(self, app, ann, runtime):
        """Return the headers of a session that began some minutes ago and was refreshed just now."""

        def begin(minutes: float) -> dict[str, str]:
            with runtime.transaction() as session:
                ago = func.now() - timedelta(minutes=minutes)
                session.execute(update(RefreshToken).values(began_at=ago))
            pair = app.post_json("/api/token/refresh", {"refresh": ann.refresh}).json
            return {"Authorization": f"Bearer {pair['access']}"}

        return begin

    def test_a_token_needs_no_password_within_ten_minutes_after_signing_in(self, app, signed_in_before):
        app.post_json(URL, self.BODY, headers=signed_in_before(9), status=201)

    @pytest.mark.parametrize("password", [{}, {"current_password": None}], ids=["none", "null"])
    def test_a_token_needs_a_password_later_even_after_a_refresh(self, app, signed_in_before, faulty_fields, password):
        headers = signed_in_before(11)

        answer = app.post_json(URL, {**self.BODY, **password}, headers=headers, status=400)

        assert faulty_fields(answer) == ["current_password"]
        assert app.get(URL, headers=headers).json["count"] == 0

    def test_a_token_is_made_with_the_password(self, app, signed_in_before):
        app.post_json(URL, {**self.BODY, "current_password": PASSWORD}, headers=signed_in_before(600), status=201)

    @pytest.mark.parametrize("minutes", [1, 600])
    def test_a_wrong_password_is_refused_even_after_a_recent_log_in(self, app, signed_in_before, problem, minutes):
        headers = signed_in_before(minutes)

        problem(app.post_json(URL, {**self.BODY, "current_password": "wrong-word"}, headers=headers, status=403))

        assert app.get(URL, headers=headers).json["count"] == 0

    def test_password_guesses_with_a_stolen_token_are_limited(self, app, signed_in_before, another_process):
        process, headers = another_process(**{"api.limit_sign_in_account": "2/minute"}), signed_in_before(600)
        body = {**self.BODY, "current_password": "wrong-word"}

        answers = [process.post_json(URL, body, headers=headers, status="*").status_int for _ in range(3)]

        assert answers == [403, 403, 429]
        process.post_json(URL, {**body, "current_password": PASSWORD}, headers=headers, status=429)

    def test_a_token_without_auth_time_is_not_recent(self, app, ann, runtime, faulty_fields):
        claims = jwt.decode(ann.access, options={"verify_signature": False})
        del claims["auth_time"]
        headers = {"Authorization": f"Bearer {jwt.encode(claims, runtime.core.jwt_key, 'HS256')}"}

        assert faulty_fields(app.post_json(URL, self.BODY, headers=headers, status=400)) == ["current_password"]


class TestEndingThem:
    """Revocation of personal tokens with a password change or a sign-out everywhere."""

    CHANGE = {"password": "another-word", "current_password": PASSWORD}

    def test_a_password_change_lists_the_remaining_personal_tokens(self, as_ann, make_token):
        shown = {name: value for name, value in make_token().items() if name != "token"}

        answer = as_ann.patch_json("/api/users/me", self.CHANGE, status=200).json

        assert answer["personal_tokens"] == [shown]

    @pytest.mark.parametrize("verb", ["patch_json", "put_json"])
    def test_a_password_change_ends_personal_tokens_on_request(self, as_ann, make_token, opens, verb):
        token = make_token()["token"]
        whole = {"username": "ann", "email": "ann@example.com", **self.CHANGE, "end_personal_tokens": True}

        assert getattr(as_ann, verb)("/api/users/me", whole, status=200).json["personal_tokens"] == []

        assert not opens(token)

    def test_other_changes_refuse_end_personal_tokens(self, as_ann, make_token, opens, faulty_fields):
        token = make_token()["token"]
        body = {"first_name": "Ann", "end_personal_tokens": True}

        assert faulty_fields(as_ann.patch_json("/api/users/me", body, status=400)) == ["end_personal_tokens"]
        assert "personal_tokens" not in as_ann.patch_json("/api/users/me", {"first_name": "Ann"}).json
        assert opens(token)

    def test_a_wrong_password_ends_no_personal_tokens(self, as_ann, make_token, opens):
        token = make_token()["token"]
        body = {**self.CHANGE, "current_password": "wrong-word", "end_personal_tokens": True}

        as_ann.patch_json("/api/users/me", body, status="*")

        assert opens(token)

    def test_revoke_all_ends_personal_tokens_on_request(self, as_ann, make_token, opens, client):
        token, anothers = make_token()["token"], client.post_json(URL, {"name": "b", "scopes": ALL}).json["token"]

        as_ann.post_json("/api/token/revoke-all", {"end_personal_tokens": True}, status=200)

        assert not opens(token)
        assert opens(anothers)

    @pytest.mark.parametrize("body", [{}, {"end_personal_tokens": False}])
    def test_revoke_all_keeps_personal_tokens_by_default(self, as_ann, make_token, opens, body):
        token = make_token()["token"]

        as_ann.post_json("/api/token/revoke-all", body, status=200)

        assert opens(token)

    @pytest.mark.parametrize("body", [{"personal_tokens": True}, {"end_personal_tokens": 1}, []])
    def test_revoke_all_refuses_unknown_fields_and_types(self, as_ann, problem, body, ann):
        problem(as_ann.post_json("/api/token/revoke-all", body, status=400))

        as_ann.get("/api/users/me", status=200)


def test_signing_out_everywhere_and_a_new_password_keep_tokens(as_ann, make_token, opens, app):
    token = make_token()["token"]

    as_ann.patch_json("/api/users/me", {"password": "another-word", "current_password": PASSWORD})
    as_ann.post("/api/token/revoke-all")

    assert opens(token)


def test_users_cannot_see_or_revoke_tokens_of_others(admin, make_token, opens):
    made = make_token()

    assert admin.get(URL).json["results"] == []
    admin.delete(f"{URL}/{made['id']}", status=404)
    assert opens(made["token"])


@pytest.mark.parametrize(
    ("change_", "fields"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "   "}, ["name"]),
        ({"name": "x" * 101}, ["name"]),
        ({"name": "a\x00b"}, ["name"]),
        ({"name": None}, ["name"]),
        ({"scopes": []}, ["scopes"]),
        ({"scopes": "tasks:read"}, ["scopes"]),
        ({"scopes": ["tasks:read", "admin"]}, ["scopes"]),
        ({"scopes": ["reports:read"]}, ["scopes"]),
        ({"scopes": [1]}, ["scopes.0"]),
        ({"expires_at": "2020-01-01T00:00:00Z"}, ["expires_at"]),
        ({"expires_at": "2999-01-01T00:00:00"}, ["expires_at"]),
        ({"expires_at": "soon"}, ["expires_at"]),
        ({"expires_at": 99999999999}, ["expires_at"]),
        ({"token": "tms_mine"}, ["token"]),
    ],
)
def test_a_bad_value_is_named(as_ann, faulty_fields, change_, fields):
    body = {"name": "script", "scopes": ALL, "expires_at": None, **change_}

    assert faulty_fields(as_ann.post_json(URL, body, status=400)) == fields


def test_an_unknown_scope_is_refused_with_the_known_ones(as_ann):
    answer = as_ann.post_json(URL, {"name": "a", "scopes": ["everything"], "expires_at": None}, status=400).json

    assert answer["errors"][0]["message"].endswith("known are: tasks:read, tasks:write, users:read")


def test_a_user_has_at_most_a_hundred_tokens(as_ann, make_token, runtime, ann, problem):
    make_token()
    with runtime.transaction() as session:
        session.execute(
            text(
                "INSERT INTO personal_token (user_id, name, hint, digest, scopes) "
                "SELECT user_id, name, hint, sha256(n::text::bytea), scopes "
                "FROM personal_token, generate_series(1, 99) AS n"
            )
        )

    problem(as_ann.post_json(URL, {"name": "a", "scopes": ALL, "expires_at": None}, status=409))


@pytest.mark.parametrize("token", ["tms_", "tms_unknown", "tms_" + "a" * 50_000, "tms_ä", "TMS_x"])
def test_a_malformed_token_is_refused_like_an_invalid_one(runtime, opens, token):
    assert not opens(token)


class TestUnknownTokens:
    @pytest.fixture
    def ask(self, another_process):
        """Request the tasks with a token, from an address."""
        process = another_process(unknown_tokens_per_minute="3")
        # Each test starts with empty counters.
        policy = process.app.registry.getUtility(ISecurityPolicy)
        policy._personal_tokens._limit._counts.clear()

        def get(token, address="203.0.113.9"):
            return process.get(
                "/api/task",
                headers={"Authorization": f"Bearer {token}"},
                extra_environ={"REMOTE_ADDR": address},
                expect_errors=True,
            )

        return get

    @pytest.fixture
    def use_up(self, ask):
        """Send unknown tokens until the limit is exhausted; the window may change meanwhile."""

        def run():
            answers = [ask(f"tms_unknown{number}").status_int for number in range(8)]
            assert (answers[:3], answers[-1]) == ([401] * 3, 429)

        return run

    def test_unknown_tokens_are_limited_by_network(self, ask, use_up, problem):
        use_up()

        refused = ask("tms_another")

        assert "unknown personal tokens" in problem(refused)["detail"]
        assert 0 < int(refused.headers["Retry-After"]) <= 60

    def test_other_networks_and_access_tokens_are_not_limited(self, ask, use_up, ann):
        use_up()

        assert ask("tms_another", "198.51.100.1").status_int == 401
        assert ask(ann.access).status_int == 200
        assert ask("nonsense").status_int == 401

    def test_known_tokens_are_not_limited(self, ask, use_up, make_token):
        token = make_token()["token"]
        assert ask(token).status_int == 200
        use_up()

        assert ask(token).status_int == 200

    def test_limited_tokens_are_not_looked_up(self, ask, use_up, monkeypatch):
        use_up()
        monkeypatch.setattr("tms_core.auth.personal_tokens._find", None)

        assert ask("tms_another").status_int == 429

    def test_revoked_tokens_count_as_unknown(self, as_ann, ask, make_token):
        made = make_token()
        ask(made["token"])
        as_ann.delete(f"{URL}/{made['id']}")

        assert 429 in [ask(made["token"]).status_int for _ in range(8)]

    def test_open_and_missing_routes_answer_as_usual(self, ask, use_up, another_process):
        use_up()
        process = another_process(unknown_tokens_per_minute="3")
        options = {"headers": {"Authorization": "Bearer tms_x"}, "extra_environ": {"REMOTE_ADDR": "203.0.113.9"}}

        assert process.post_json("/api/token", {}, status="*", **options).status_int == 400
        assert process.get("/api/nothing", status="*", **options).status_int == 404


def test_an_unavailable_database_is_503(another_process, make_token):
    token = make_token()["token"]
    away = another_process(database_url="postgresql://tms@127.0.0.1:1/tms")

    answer = away.get("/api/task", headers={"Authorization": f"Bearer {token}"}, status=503)

    assert answer.headers["Retry-After"]


def test_api_tokens_need_a_session(app, runtime, problem):
    problem(app.get(URL, status=401))
    problem(app.post_json(URL, {}, status=401))
    problem(app.delete(f"{URL}/1", status=401))


def test_expired_and_revoked_tokens_are_deleted_later(as_ann, make_token, change, runtime, app):
    use(runtime)
    ended, kept = make_token(), make_token()
    as_ann.delete(f"{URL}/{ended['id']}")
    app.post_json(
        "/api/token/revoke",
        {"refresh": app.post_json("/api/token", {"username": "ann", "password": PASSWORD}).json["refresh"]},
    )
    forget_ended_sessions()
    with runtime.transaction() as session:
        assert [session.query(table).count() for table in (PersonalToken, RefreshToken)] == [2, 2]

    for table in (PersonalToken, RefreshToken, AccountLink):
        with runtime.transaction() as session:
            for column in ("expires_at", "revoked_at"):
                if hasattr(table, column):
                    instant = getattr(table, column)
                    session.execute(
                        update(table).where(instant < func.now()).values({column: instant - timedelta(days=2)})
                    )
    forget_ended_sessions()

    with runtime.transaction() as session:
        assert session.scalars(select(PersonalToken.id)).all() == [kept["id"]]
        assert session.query(RefreshToken).count() == 1
