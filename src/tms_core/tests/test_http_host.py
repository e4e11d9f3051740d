"""Syntax of the Host header."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.http_host import host_of, is_host

LABELS = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=20).filter(
    lambda label: label.strip("-") == label
)
NAMES = st.lists(LABELS, min_size=1, max_size=5).map(".".join)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "tasks.example.com",
        "tasks.example.com.",
        "my_host-2.internal:80",
        "xn--mnchen-3ya.de",
        "127.0.0.1:8000",
        "[::1]",
        "[2001:db8::7]:8443",
        "localhost:",
        "localhost:65535",
    ],
)
def test_host_names_and_addresses_are_hosts(host):
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        ":8000",
        "a b",
        "a/b",
        "a?b",
        "a#b",
        "a\\b",
        "user@host",
        "host:80:80",
        "host:65536",
        "host:8o",
        "host:-1",
        "a..b",
        ".a",
        "-a",
        "a-",
        "a,b",
        "<script>",
        "a\r\nX: y",
        "a\0",
        "münchen.de",
        "[::1",
        "::1",
        "[::1]x",
        "[fe80::1%eth0]",
        "[127.0.0.1]",
        "[]",
        "a" * 300,
    ],
)
def test_other_texts_are_no_hosts(host):
    assert not is_host(host)


@given(NAMES, st.none() | st.integers(0, 65_535))
def test_every_name_with_and_without_a_port_is_a_host(name, port):
    assert is_host(name if port is None else f"{name}:{port}")


@given(NAMES, st.characters(exclude_characters=string.ascii_letters + string.digits + "._-:[]"))
def test_a_host_has_no_other_characters_than_names(name, sign):
    assert not is_host(name + sign + name)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://tasks.example.com/tms", "tasks.example.com"),
        ("http://localhost:8000", "localhost:8000"),
        ("https://faß.example:8443", "xn--fa-hia.example:8443"),
    ],
)
def test_the_host_of_a_url_is_in_the_form_of_browsers(url, host):
    assert host_of(url) == host
