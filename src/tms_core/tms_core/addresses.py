"""Addresses of the network."""

from ipaddress import ip_address


def is_loopback(address: str) -> bool:
    """Whether this machine asks itself; False for what is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
