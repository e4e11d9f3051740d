"""A revoked token that the process still accepts changes nothing, on every route of every package."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tms_core.auth.access_tokens import AccessClaims
from tms_core.models import User
from tms_core.permissions import Actor
from tms_core.services.tokens import TokenService
from tms_core.services.users import UserService
from tms_core.web.openapi.decorators import documentation_of
from tms_core.web.openapi.paths import path_of
from tms_core.web.resource import Method, methods_of
from tms_core.web.revalidation import UNSAFE_METHODS, Revalidation

# Routes without revalidation; docs/accounts.md has the reasons.
WRITES_TASKS = {
    ("POST", "/api/task"),
    ("PUT", "/api/task/{id}"),
    ("PATCH", "/api/task/{id}"),
    ("DELETE", "/api/task/{id}"),
    ("POST", "/api/task/{id}/undo"),
    ("POST", "/api/task/bulk"),
}
READS_ONLY = {("POST", "/api/ws-ticket")}
# Routes authenticated by other means: a password, a refresh token, the token of a mail or the code of the first start.
OPEN = {
    ("POST", "/api/web-session"),
    ("DELETE", "/api/web-session"),
    ("POST", "/api/web-session/refresh"),
    ("POST", "/api/web-session/first-account"),
    ("POST", "/api/token"),
    ("POST", "/api/token/refresh"),
    ("POST", "/api/token/revoke"),
    ("POST", "/api/password-reset"),
    ("POST", "/api/password-reset/confirm"),
    ("POST", "/api/email-change/undo"),
    ("POST", "/api/email-verification/confirm"),
    ("POST", "/api/notifications/unsubscribe"),
}
OPERATOR = Actor(0, is_admin=True)
End = Callable[[Session, TokenService, AccessClaims], Any]
ENDINGS: dict[str, End] = {
    "logged out": lambda session, tokens, claims: tokens.revoke_session(claims.user_id, UUID(claims.session)),
    "logged out everywhere": lambda session, tokens, claims: tokens.revoke_all(claims.user_id),
    "password reset": lambda session, tokens, claims: UserService(session, None).reset_password(
        session.get_one(User, claims.user_id), "another-word", tokens
    ),
    "demoted": lambda session, tokens, claims: UserService(session, OPERATOR).change(
        claims.user_id, {"is_admin": False}, tokens=tokens
    ),
    "deactivated": lambda session, tokens, claims: UserService(session, OPERATOR).change(
        claims.user_id, {"is_active": False}, tokens=tokens
    ),
    "deleted": lambda session, tokens, claims: UserService(session, OPERATOR).delete(claims.user_id, tokens),
}


def changing(app) -> dict[tuple[str, str], Method]:
    """Return the methods with an unsafe verb, by verb and path."""
    return {(one.verb, path_of(one.pattern)): one for one in methods_of(app.app.registry) if one.verb in UNSAFE_METHODS}


def test_every_changing_route_revalidates_the_token_unless_it_is_listed_here(app):
    routes = changing(app)
    by_kind: dict[Revalidation, set[tuple[str, str]]] = {}
    for route, method in routes.items():
        by_kind.setdefault(method.revalidation, set()).add(route)

    assert by_kind[Revalidation.OFF] == WRITES_TASKS | OPEN
    assert by_kind[Revalidation.READ] == READS_ONLY
    assert {route for route, method in routes.items() if method.is_open} == OPEN | {("POST", "/api/users")}
    assert len(by_kind[Revalidation.LOCK]) > 8


@pytest.fixture
def make_administrator(make_user):
    make_user("another", is_admin=True)
    return lambda: make_user(is_admin=True)


@pytest.fixture
def end(app, runtime):
    """Return a function that revokes a token without the process noticing."""

    def run(ending: End, access: str) -> None:
        registry = app.app.registry
        with runtime.transaction() as session:
            tokens = TokenService(session, registry.access_tokens, runtime.core)
            ending(session, tokens, registry.access_tokens.read(access, 0))

    return run


@pytest.fixture
def rows(runtime):
    def read() -> dict[str, str]:
        """Return the content of all tables."""
        with runtime.transaction() as session:
            names = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
            return {
                name: session.scalar(text(f"SELECT string_agg(t::text, ',' ORDER BY t::text) FROM {name} t"))
                for name in names
            }

    return read


@pytest.fixture
def send(app):
    """Return a function that sends the documented example of a route."""

    def request(route: tuple[str, str], method: Method, user, user_id: int | str = "me"):
        body = documentation_of(method.function).body
        path = route[1].replace("{id}", str(user_id) if "users" in route[1] else "1")
        path = path.replace("{delivery}", "1")
        verb = route[0].lower() + ("_json" if body else "")
        arguments = [getattr(body, "example", {})] if body else []
        return getattr(app, verb)(path, *arguments, headers=user.headers, expect_errors=True)

    return request


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_revoked_token_changes_nothing_on_any_route(app, make_administrator, end, rows, send, monkeypatch, ending):
    monkeypatch.setattr("tms_core.auth.revocations.INTERVAL", 3600)
    held = {route: method for route, method in changing(app).items() if route not in WRITES_TASKS | OPEN}

    for route, method in held.items():
        for user_id in ("me", 1):
            user = make_administrator()
            end(ending, user.access)
            before = rows()

            answer = send(route, method, user, user_id)

            assert answer.status_int == 401, route
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert rows() == before, route
            # The database rejects the token; the process still accepts it.
            assert app.get("/api/task", headers=user.headers, status=200)


def test_a_valid_token_is_accepted(app, make_administrator, send):
    held = {route: method for route, method in changing(app).items() if route not in WRITES_TASKS | OPEN}

    for route, method in held.items():
        assert send(route, method, make_administrator()).status_int != 401, route
