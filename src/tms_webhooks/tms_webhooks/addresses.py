"""Public IP addresses: the only ones that webhooks may connect to by default."""

import ipaddress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

# RFC 6052: the well-known prefix, whose last 32 bits are an IPv4 address, and RFC 8215: the local-use prefix.
NAT64 = IPv6Network("64:ff9b::/96")
LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
# RFC 4291: IPv4-compatible addresses, deprecated.
IPV4_COMPATIBLE = IPv6Network("::/96")
# Not global according to the IANA registries for special-purpose addresses, but to some versions of Python.
NOT_GLOBAL = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20", "5f00::/16")))


def is_public(text: str) -> bool:
    """Return whether an IP address is globally reachable and unicast; False if the text is no address.

    An IPv6 address that contains an IPv4 address (mapped, 6to4, NAT64) is as public as that.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address in LOCAL_NAT64 or address in IPV4_COMPATIBLE or address.teredo or address.is_site_local:
            return False
        embedded = _embedded(address)
        if embedded is not None:
            return _is_public_unicast(embedded)
    return _is_public_unicast(address)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_public_unicast(address: IPv4Address | IPv6Address) -> bool:
    if any(address in network for network in NOT_GLOBAL):
        return False
    # `is_global` alone accepts multicast addresses.
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
