from types import SimpleNamespace

import pytest

from tms_core.client_address import address_of
from tms_core.errors import ConfigurationError
from tms_core.settings import CoreSettings
from tms_core.web.client_address import client_network


def trusting(proxies: str):
    return CoreSettings.read({"tms.environment": "development", "tms.trusted_proxies": proxies}, {}).trusted_proxies


@pytest.mark.parametrize(
    ("trusted", "remote", "forwarded", "found"),
    [
        ("", "203.0.113.9", None, "203.0.113.9"),
        ("", "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.0/8", "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.0/8", "10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.0/8", "10.0.0.1", "192.0.2.66, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.0/8", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.0/8", "10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "192.0.2.66, unknown", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "192.0.2.66, unknown, 10.0.0.2", "10.0.0.2"),
        ("127.0.0.1, ::1", "::1", "198.51.100.1:4711", "198.51.100.1"),
        ("127.0.0.1 ::1", "127.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("127.0.0.1", "::ffff:127.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("::/0", "::1", "fe80::1%eth0", "fe80::1"),
        ("", "", "198.51.100.1", ""),
        ("", None, "198.51.100.1", ""),
    ],
)
def test_the_client_is_the_closest_untrusted_address(trusted, remote, forwarded, found):
    environ = {}
    if remote is not None:
        environ["REMOTE_ADDR"] = remote
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded

    assert address_of(environ, trusting(trusted)) == found


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:aaaa:bbbb:cccc:dddd", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", ""),
    ],
)
def test_an_ipv6_client_is_counted_by_its_network(address, network):
    core = SimpleNamespace(trusted_proxies=())
    registry = SimpleNamespace(tms=SimpleNamespace(core=core))
    request = SimpleNamespace(environ={"REMOTE_ADDR": address}, registry=registry)

    assert client_network(request) == network


@pytest.mark.parametrize("proxies", ["proxy", "10.0.0.1/8", "*"])
def test_an_invalid_network_prevents_start_up(proxies):
    with pytest.raises(ConfigurationError, match=r"tms\.trusted_proxies .* addresses or networks"):
        trusting(proxies)
