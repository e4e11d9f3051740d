"""Where a request comes from: the one place that decides it.

Anybody can write X-Forwarded-For, so it is read from its right end, where our own proxies (`tms.trusted_proxies`)
wrote, and only as far as they go.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from tms_core.settings import Network

Address = IPv4Address | IPv6Address
# One customer of an IPv6 provider has at least this much, and may take a new address for every request.
IPV6_PREFIX = 64


def address_of(environ: Mapping[str, Any], trusted: Sequence[Network]) -> str:
    """The first address, from our end of the chain, that is none of `trusted`."""
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
    """Whether what this peer says in X-Forwarded-… headers may be believed."""
    found = _parsed(address)
    return found is not None and _is_in(found, trusted)


def network_of(text: str) -> str:
    """What a client cannot easily change of its address: in IPv6 its network. Empty for what is no address."""
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
    """An address, also where a port follows it, as some proxies write."""
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
