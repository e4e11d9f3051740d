"""Syntax of the Host header (RFC 9110, section 7.2)."""

import re
from functools import lru_cache
from ipaddress import IPv6Address
from urllib.parse import urlsplit

import idna

MAX_HOST_LENGTH = 261
# Host names as used by DNS and browsers; RFC 3986 would allow more characters.
NAME = re.compile(r"(?!.*\.\.)[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_.])?")
PORT = re.compile(r"[0-9]{0,5}")
MAX_PORT = 65_535


@lru_cache(maxsize=1024)
def is_host(text: str) -> bool:
    """Return whether `text` is a host name or an IP address, with or without a port."""
    if len(text) > MAX_HOST_LENGTH:
        return False
    if text.startswith("["):
        address, bracket, rest = text[1:].partition("]")
        return bool(bracket) and _is_ipv6(address) and (not rest or (rest[0] == ":" and _is_port(rest[1:])))
    name, colon, port = text.partition(":")
    return bool(NAME.fullmatch(name)) and (not colon or _is_port(port))


def host_of(url: str) -> str:
    """Return the host and port of an http(s) URL, in the form that browsers send in Host and Origin."""
    host = urlsplit(url).netloc
    if host.isascii():
        return host
    name, colon, port = host.partition(":")
    return idna.encode(name, uts46=True).decode() + colon + port


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    # A zone index is meaningful on the sender's machine only.
    return "%" not in text


def _is_port(text: str) -> bool:
    return bool(PORT.fullmatch(text)) and int(text or 0) <= MAX_PORT
