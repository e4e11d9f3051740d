"""Which addresses count as public, and that the client connects to no others."""

import asyncio
import socket
import threading

import pytest

from tms_core.errors import InvalidError
from tms_webhooks.addresses import is_public
from tms_webhooks.sender.client import DeliveryClient
from tms_webhooks.settings import WebhookSettings
from tms_webhooks.urls import check_url

PRIVATE = (
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1", "192.0.0.8",
    "192.0.2.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "192.88.99.1", "3fff::1", "5f00::1",
    "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:8.8.8.8", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1", "100::1",
    "2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808", "localhost", "",
)  # fmt: skip
PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1")


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_of_private_networks_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_other_addresses_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "localhost.", "127.0.0.1", "10.0.0.1", "0.0.0.0"])
def test_a_url_with_a_private_host_is_refused_at_once(host):
    with pytest.raises(InvalidError) as refused:
        check_url(f"https://{host}/", WebhookSettings())

    assert [error.code.name for error in refused.value.errors] == ["webhook_url_private"]
    check_url(f"https://{host}/", WebhookSettings(allow_private=True))


def test_https_can_be_required():
    with pytest.raises(InvalidError) as refused:
        check_url("http://example.com/", WebhookSettings(require_https=True))

    assert [error.code.name for error in refused.value.errors] == ["webhook_url_not_https"]
    check_url("https://example.com/", WebhookSettings(require_https=True))


def post(url, **settings):
    async def run():
        async with DeliveryClient(WebhookSettings(**settings)) as client:
            return await client.post(url, {}, b"{}")

    return asyncio.run(run())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "internal.example.com", "[::1]"])
def test_the_client_connects_to_no_private_address_whatever_its_name(receiver, monkeypatch, host):
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, *rest, **options: resolve("127.0.0.1", *rest, **options))
    url = f"http://{host}:{receiver.port}/"

    answer = post(url)

    assert answer.error == "the host has no public address"
    assert receiver.requests == []


def test_a_name_that_resolves_to_a_permitted_address_is_connected_to(receiver, monkeypatch):
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, *rest, **options: resolve("127.0.0.1", *rest, **options))

    assert post(f"http://receiver.example.com:{receiver.port}/", allow_private=True).is_success
    assert receiver.requests[0].headers["Host"] == f"receiver.example.com:{receiver.port}"


def test_redirects_are_not_followed(receiver):
    receiver.answers["/"].append((307, {"Location": receiver.url("/other")}, b""))

    answer = post(receiver.url("/"), allow_private=True)

    assert (answer.status, answer.is_success) == (307, False)
    assert [one.path for one in receiver.requests] == ["/"]


def test_http_is_not_used_once_https_is_required(receiver):
    assert post(receiver.url(), allow_private=True, require_https=True).error == "the URL is not https://"
    assert receiver.requests == []


def test_names_that_are_not_resolved_hold_up_no_other(receiver, monkeypatch):
    resolve, may_end = socket.getaddrinfo, threading.Event()

    def slow(name, *rest, **options):
        if name != "localhost":
            may_end.wait(20)
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return resolve("127.0.0.1", *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)

    async def run():
        async with DeliveryClient(WebhookSettings(allow_private=True)) as client:
            others = [asyncio.create_task(client.post(f"http://a{n}.example.com/", {}, b"{}")) for n in range(40)]
            await asyncio.sleep(0)
            answer = await client.post(f"http://localhost:{receiver.port}/", {}, b"{}")
            may_end.set()
            return answer, await asyncio.gather(*others)

    answer, others = asyncio.run(run())

    assert answer.is_success
    assert {one.error for one in others} == {"the host has no address"}
