"""Authentication and its end, with production settings."""

import orjson
import pytest
from websockets.exceptions import InvalidStatus

from tms_core.permissions import Actor
from tms_core.services.personal_tokens import PersonalTokenService
from tms_core.services.tokens import TokenService
from tms_core.services.users import UserService


@pytest.fixture(scope="module")
def settings():
    return {"tms.realtime.origins": "https://app.example"}


@pytest.fixture
def end_session(runtime, app):
    """Calls a function with a session and the token service, in a transaction."""

    def run(action, user):
        with runtime.transaction() as session:
            action(session, TokenService(session, app.app.registry.access_tokens, runtime.core), user)

    return run


def refusal(listen, *args, **kwargs):
    with pytest.raises(InvalidStatus) as refused:
        listen(*args, **kwargs)
    return refused.value.response


def test_a_handshake_without_a_token_gets_401(listen):
    response = refusal(listen)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["Content-Type"] == "application/problem+json"
    assert orjson.loads(response.body) == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "code": "not_authenticated",
        "detail": "an access token or a ticket is required",
    }


def test_a_token_in_the_header_is_accepted(listen, make_user, publish, event):
    listener = listen(make_user().access)

    (stored,) = publish(event())

    assert listener.message()["event_id"] == stored.position


def test_a_token_in_the_sub_protocols_is_accepted_and_not_sent_back(listen, make_user):
    token = make_user().access

    listener = listen(subprotocols=["tms", f"bearer.{token}"])

    assert listener.connection.subprotocol == "tms"
    assert token not in str(listener.connection.response.headers)
    assert listener.receives_nothing()


@pytest.mark.parametrize("how", ["header", "sub-protocol"])
def test_a_refresh_token_is_rejected(how, listen, make_user):
    token = make_user().refresh
    arguments = {"token": token} if how == "header" else {"subprotocols": ["tms", f"bearer.{token}"]}

    response = refusal(listen, **arguments)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_pages_of_other_origins_are_rejected_with_403(listen, make_user):
    token = make_user().access

    assert refusal(listen, token, origin="https://evil.example").status_code == 403
    assert listen(token, origin="https://app.example").receives_nothing()


def test_a_token_is_never_logged(realtime, listen, make_user):
    user = make_user()

    refusal(listen, user.access, origin="https://evil.example")
    refusal(listen, subprotocols=["tms", f"bearer.{user.refresh}"])

    realtime.log.wait_for("rejected tcp4:127.0.0.1")
    assert user.access not in realtime.log.text
    assert user.refresh not in realtime.log.text


def log_out(_session, tokens, user):
    tokens.revoke(user.refresh)


def log_out_everywhere(_session, tokens, user):
    tokens.revoke_all(user.id)


def deactivate(session, tokens, user):
    administrator = Actor(user.id + 1, is_admin=True)
    UserService(session, administrator).change(user.id, {"is_active": False}, tokens=tokens)


@pytest.mark.parametrize("ending", [log_out, log_out_everywhere, deactivate])
def test_sockets_are_closed_when_their_session_ends(ending, listen, make_user, end_session):
    user = make_user()
    listener, bystander = listen(user.access), listen(make_user(is_admin=True).access)

    end_session(ending, user)

    assert listener.close_code() == 4401
    assert bystander.receives_nothing()
    assert refusal(listen, user.access).status_code == 401


@pytest.mark.parametrize("wire", ["websocket", "event stream"])
def test_connections_are_closed_when_their_personal_token_is_revoked(wire, runtime, listen, stream, make_user):
    user = make_user()
    with runtime.transaction() as session:
        row, token = PersonalTokenService(session, user.id, ["tasks:read"]).create("script", ["tasks:read"], None)
        token_id = row.id
    client = listen(token) if wire == "websocket" else stream(token)
    bystander = listen(user.access)

    with runtime.transaction() as session:
        PersonalTokenService(session, user.id, ["tasks:read"]).revoke(token_id)

    if wire == "websocket":
        assert client.close_code() == 4401
    else:
        assert b"data" not in client.rest()
    assert bystander.receives_nothing()
    assert refusal(listen, token).status_code == 401


def test_a_ticket_opens_one_socket_which_ends_with_its_session(app, listen, make_user, end_session):
    user = make_user()
    ticket = app.post("/api/ws-ticket", headers=user.headers).json["ticket"]

    listener = listen(path=f"?ticket={ticket}")

    assert listener.receives_nothing()
    assert refusal(listen, path=f"?ticket={ticket}").status_code == 401
    end_session(log_out, user)
    assert listener.close_code() == 4401


def test_a_personal_token_without_the_scope_is_rejected_with_its_name(runtime, listen, make_user):
    user = make_user()
    with runtime.transaction() as session:
        _row, token = PersonalTokenService(session, user.id, ["tasks:write"]).create("script", ["tasks:write"], None)

    response = refusal(listen, token)

    assert response.status_code == 403
    assert response.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="tasks:read"'
