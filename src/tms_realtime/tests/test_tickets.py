"""POST /api/ws-ticket."""

import asyncio

import pytest
from webtest import TestApp

from tms_core.app import configure
from tms_core.services.personal_tokens import PersonalTokenService
from tms_realtime.auth.tickets import TicketStore

PATH = "/api/ws-ticket"


@pytest.fixture
def redeem(runtime):
    """Redeems a ticket as a realtime process does."""

    async def run(ticket):
        ticket_store = TicketStore(runtime.core.redis)
        try:
            return await ticket_store.redeem(ticket)
        finally:
            await ticket_store.close()

    return lambda ticket: asyncio.run(run(ticket))


@pytest.fixture
def headers_of(runtime):
    """Returns the headers for a personal token with some scopes."""

    def make(user, *scopes):
        with runtime.transaction() as session:
            _row, token = PersonalTokenService(session, user.id, scopes).create("script", scopes, None)
        return {"Authorization": f"Bearer {token}"}

    return make


def test_the_response_has_validity_and_url(client):
    response = client.post(PATH, status=201)

    assert response.json.keys() == {"ticket", "expires_in", "url"}
    assert response.json["expires_in"] == 30
    assert response.headers["Cache-Control"] == "no-store"
    assert response.content_type == "application/json"


def test_a_ticket_has_the_claims_of_its_user(make_user, client_of, redeem):
    user = make_user(is_admin=True)

    claims = redeem(client_of(user).post(PATH).json["ticket"])

    assert (claims.user_id, claims.is_admin, claims.scopes) == (user.id, True, None)


def test_tickets_are_unique(client):
    assert client.post(PATH).json["ticket"] != client.post(PATH).json["ticket"]


def test_a_ticket_requires_a_token(app):
    response = app.post(PATH, status=401)

    assert response.content_type == "application/problem+json"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_personal_token_with_the_scope_gets_a_ticket_with_its_scopes(app, make_user, headers_of, redeem):
    user = make_user()

    ticket = app.post(PATH, headers=headers_of(user, "tasks:read"), status=201).json["ticket"]

    claims = redeem(ticket)
    assert (claims.user_id, claims.scopes) == (user.id, {"tasks:read"})


def test_a_personal_token_without_the_scope_gets_no_ticket(app, make_user, headers_of):
    response = app.post(PATH, headers=headers_of(make_user(), "tasks:write"), status=403)

    assert "tasks:read" in response.json["detail"]


def test_tickets_are_unavailable_while_redis_is_down(ini, make_user, tmp_path):
    user = make_user()
    there = configure(ini | {"tms.redis_url": f"unix://{tmp_path}/nothing"}, web=True)

    response = TestApp(there.make_wsgi_app()).post(PATH, headers=user.headers, status=503)

    assert response.content_type == "application/problem+json"
    assert int(response.headers["Retry-After"]) > 0
    there.registry.tms.close()


@pytest.mark.parametrize(
    ("scheme", "host", "url"),
    [
        ("http", "tasks.example", "ws://tasks.example:8001/ws/tasks/"),
        ("http", "tasks.example:8000", "ws://tasks.example:8001/ws/tasks/"),
        ("http", "localhost:80", "ws://localhost:8001/ws/tasks/"),
        ("http", "192.0.2.7:8000", "ws://192.0.2.7:8001/ws/tasks/"),
        ("http", "[2001:db8::7]", "ws://[2001:db8::7]:8001/ws/tasks/"),
        ("http", "[::1]:8000", "ws://[::1]:8001/ws/tasks/"),
        ("https", "tasks.example", "wss://tasks.example:8001/ws/tasks/"),
        ("https", "[::1]:8443", "wss://[::1]:8001/ws/tasks/"),
    ],
)
def test_the_url_has_the_requested_host_and_the_realtime_port(scheme, host, url, client):
    response = client.post(PATH, headers={"Host": host}, extra_environ={"wsgi.url_scheme": scheme})

    assert response.json["url"] == url


def test_the_configured_url_takes_precedence(ini, make_user):
    user = make_user()
    there = configure(ini | {"tms.realtime.public_url": "wss://tms.example/ws/tasks/"}, web=True)

    response = TestApp(there.make_wsgi_app()).post(PATH, headers={"Host": "other.example", **user.headers})

    assert response.json["url"] == "wss://tms.example/ws/tasks/"
    there.registry.tms.close()
