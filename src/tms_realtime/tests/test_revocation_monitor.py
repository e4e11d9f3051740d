import time
from datetime import timedelta

import pytest
from sqlalchemy import create_engine

from tms_core.auth.access_tokens import AccessClaims
from tms_core.auth.revocations import Revocations
from tms_core.services.tokens import end_access
from tms_realtime.auth.credentials import RevocationsUnknownError
from tms_realtime.auth.revocation_monitor import RevocationMonitor, sweep
from tms_realtime.clients.hub import Hub
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_realtime.clients.view import View

LIFE = timedelta(minutes=10)


class RecordingClient:
    pending = 0

    def __init__(self, claims: AccessClaims | None):
        self.claims = claims
        self.codes: list[int] = []

    def send(self, message: OutboundMessage) -> None:
        raise AssertionError("nothing is sent")

    def end(self, code: int, reason: str) -> None:
        self.codes.append(code)


def claims(user_id: int = 1, *, expires_at: float = 100.0) -> AccessClaims:
    return AccessClaims(user_id, False, "session", 0, expires_at)


def joined(*clients: RecordingClient) -> Hub:
    hub = Hub()
    for client in clients:
        hub.join(client, View())
    return hub


def test_a_client_is_closed_at_the_second_its_token_expires(runtime):
    monitor = RevocationMonitor(Revocations(runtime.engine, LIFE))
    client, anonymous = RecordingClient(claims(expires_at=100.0)), RecordingClient(None)
    hub = joined(client, anonymous)

    sweep(hub, monitor, now=99.9)
    assert client.codes == []
    sweep(hub, monitor, now=100.0)

    assert (client.codes, anonymous.codes) == ([4401], [])


def test_a_client_is_closed_when_its_token_was_revoked(runtime, make_user):
    user, other = make_user(), make_user()
    monitor = RevocationMonitor(Revocations(runtime.engine, LIFE))
    client, bystander = RecordingClient(claims(user.id)), RecordingClient(claims(other.id))
    hub = joined(client, bystander)
    with runtime.transaction() as session:
        end_access(session, user.id)

    monitor.poll()
    sweep(hub, monitor, now=0.0)

    assert (client.codes, bystander.codes) == ([4401], [])


def test_the_monitor_polls_by_itself(runtime, make_user):
    user = make_user()
    monitor = RevocationMonitor(Revocations(runtime.engine, LIFE))
    monitor.poll()
    assert not monitor.is_revoked(claims(user.id))

    monitor.start()
    with runtime.transaction() as session:
        end_access(session, user.id)

    began = time.monotonic()
    while not monitor.is_revoked(claims(user.id)):
        assert time.monotonic() - began < 60
    monitor.stop()
    monitor.join()


def test_revocations_are_unknown_before_the_first_successful_poll():
    engine = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    monitor = RevocationMonitor(Revocations(engine, LIFE))

    assert not monitor.poll()

    with pytest.raises(RevocationsUnknownError):
        monitor.is_revoked(claims())
    assert not monitor.was_revoked(claims())
