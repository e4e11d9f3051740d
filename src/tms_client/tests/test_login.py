"""Sign-in to a real TMS, and the renewal of tokens."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tms_client import ForbiddenError, NotAuthenticatedError, TmsClient


def logins(client):
    return client.request("GET", "/api/sessions")["count"]


def wait_until_refused(client):
    """Wait until a revoked token is rejected, which takes up to a second."""
    with pytest.raises(NotAuthenticatedError):
        all(client.users.me() for _ in range(10_000))


def test_a_client_signs_in_at_its_first_request_and_out_at_its_close(url, connect, register):
    account = register()
    watcher = connect(**account)
    before = logins(watcher)

    with TmsClient(url, **account) as client:
        made = logins(watcher)
        client.users.me()
        used = logins(watcher)

    assert (before, made, used, logins(watcher)) == (1, 1, 2, 1)


def test_a_session_is_refreshed_before_its_token_expires(connect, register, clock):
    client = connect(**register(), clock=clock)
    first = client.request("GET", "/api/sessions")["results"]

    # An access token lives for 600 seconds.
    clock.time += 500
    same = client.request("GET", "/api/sessions")["results"]
    clock.time += 75
    later = client.request("GET", "/api/sessions")["results"]

    assert same == first
    assert [login["id"] for login in later] == [login["id"] for login in first]
    assert later[0]["last_used_at"] > first[0]["last_used_at"]


def test_a_client_signs_in_again_after_its_session_ended(connect, register):
    account = register()
    client, other = connect(**account), connect(**account)
    token = connect().request("POST", "/api/token", json=account)["access"]
    client.users.me()

    other.request("POST", "/api/token/revoke-all")
    wait_until_refused(connect(token=token))
    with ThreadPoolExecutor(8) as threads:
        together = threading.Barrier(8)
        names = list(threads.map(lambda _: (together.wait(), client.users.me()["username"])[1], range(8)))

    assert names == [account["username"]] * 8
    assert logins(client) == 1


def test_a_wrong_password_raises_and_is_not_retried(connect, register):
    account = register()
    client = connect(**account | {"password": "not-the-one"})

    # Ten wrong ones a minute would lock the account.
    for _ in range(12):
        with pytest.raises(NotAuthenticatedError):
            client.users.me()

    assert connect(**account).users.me()["username"] == account["username"]


def test_a_personal_token_is_limited_to_its_scopes(connect, client):
    made = client.request("POST", "/api/api-tokens", json={"name": "script", "scopes": ["tasks:read"]})
    script = connect(token=made["token"])

    assert list(script.tasks.list(created_by="me")) == []
    with pytest.raises(ForbiddenError, match="lacks the scope"):
        script.tasks.create(title="No")


def test_an_unknown_token_raises(connect):
    with pytest.raises(NotAuthenticatedError):
        connect(token="tms_nothing").tasks.get(1)


@pytest.mark.parametrize(
    "credentials", [{"username": "ann"}, {"password": "x"}, {"username": "ann", "password": "x", "token": "y"}]
)
def test_incomplete_credentials_are_a_type_error(credentials):
    with pytest.raises(TypeError, match="username and password, or token"):
        TmsClient("http://localhost", **credentials)


@pytest.mark.parametrize("address", ["", "localhost:8000", "ftp://localhost", "http://", "http://localhost?x=1"])
def test_an_invalid_address_is_a_value_error(address):
    with pytest.raises(ValueError, match="not the address of a TMS"):
        TmsClient(address)
