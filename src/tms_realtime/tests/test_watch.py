import time
from datetime import timedelta

import pytest
from sqlalchemy import create_engine

from tms_core.access_tokens import AccessClaims
from tms_core.revocations import Revocations
from tms_core.services.tokens import end_access
from tms_realtime.clients.hub import Hub
from tms_realtime.clients.outgoing import Outgoing
from tms_realtime.clients.view import View
from tms_realtime.door.identity import RevocationsUnknownError
from tms_realtime.door.watch import RevocationLooks, sweep

LIFE = timedelta(minutes=10)


class Closed:
    pending = 0

    def __init__(self, claims: AccessClaims | None):
        self.claims = claims
        self.codes: list[int] = []

    def send(self, message: Outgoing) -> None:
        raise AssertionError("nothing is sent")

    def end(self, code: int, reason: str) -> None:
        self.codes.append(code)


def claims(user_id: int = 1, *, expires_at: float = 100.0) -> AccessClaims:
    return AccessClaims(user_id, False, "session", 0, expires_at)


def joined(*clients: Closed) -> Hub:
    hub = Hub()
    for client in clients:
        hub.join(client, View())
    return hub


def test_a_client_is_closed_at_the_second_its_token_expires(runtime):
    looks = RevocationLooks(Revocations(runtime.engine, LIFE))
    client, anonymous = Closed(claims(expires_at=100.0)), Closed(None)
    hub = joined(client, anonymous)

    sweep(hub, looks, now=99.9)
    assert client.codes == []
    sweep(hub, looks, now=100.0)

    assert (client.codes, anonymous.codes) == ([4401], [])


def test_a_client_is_closed_when_its_token_was_revoked(runtime, make_user):
    user, other = make_user(), make_user()
    looks = RevocationLooks(Revocations(runtime.engine, LIFE))
    client, bystander = Closed(claims(user.id)), Closed(claims(other.id))
    hub = joined(client, bystander)
    with runtime.transaction() as session:
        end_access(session, user.id)

    looks.look()
    sweep(hub, looks, now=0.0)

    assert (client.codes, bystander.codes) == ([4401], [])


def test_looking_goes_on_by_itself(runtime, make_user):
    user = make_user()
    looks = RevocationLooks(Revocations(runtime.engine, LIFE))
    looks.look()
    assert not looks.is_revoked(claims(user.id))

    looks.start()
    with runtime.transaction() as session:
        end_access(session, user.id)

    began = time.monotonic()
    while not looks.is_revoked(claims(user.id)):
        assert time.monotonic() - began < 60
    looks.stop()
    looks.join()


def test_before_a_look_succeeded_nobody_knows_who_was_revoked():
    engine = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    looks = RevocationLooks(Revocations(engine, LIFE))

    assert not looks.look()

    with pytest.raises(RevocationsUnknownError):
        looks.is_revoked(claims())
    assert not looks.was_revoked(claims())
