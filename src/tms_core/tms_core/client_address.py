"""The client address of a request, behind trusted proxies.

Clients can forge X-Forwarded-For, so only the addresses that our own proxies (`tms.trusted_proxies`) appended are used:
the header is read from the right, up to the first untrusted address.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from tms_core.settings import Network

Address = IPv4Address | IPv6Address
# An IPv6 customer has at least a /64, and may use a new address for every request.
IPV6_PREFIX = 64


def address_of(environ: Mapping[str, Any], trusted: Sequence[Network]) -> str:
    """Return the address closest to this server in the proxy chain that is not in `trusted`."""
    found = _parsed(environ.get("REMOTE_ADDR", ""))
    if found is None:
        return ""
    if not trusted or "HTTP_X_FORWARDED_FOR" not in environ:
        return _as_text(found)
    for before in _forwarded(environ):
        if before is None or not _is_in(found, trusted):
            break
        found = before
    return _as_text(found)


def is_trusted_proxy(address: str, trusted: Sequence[Network]) -> bool:
    """Return whether X-Forwarded-… headers from this peer are trusted."""
    found = _parsed(address)
    return found is not None and _is_in(found, trusted)


def network_of(text: str) -> str:
    """Return the part of an address that a client cannot easily change: the /64 of an IPv6 address, all of an IPv4
    address; empty for an invalid address."""
    address = _parsed(text)
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> IPV6_PREFIX << IPV6_PREFIX)}/{IPV6_PREFIX}"
    return str(address or "")


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _forwarded(environ: Mapping[str, Any]) -> Iterator[Address | None]:
    return map(_parsed, reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Address | None:
    """Parse an address with an optional port, which some proxies append."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


_as_text = lru_cache(maxsize=4096)(str)
