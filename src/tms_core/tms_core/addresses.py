"""Network addresses."""

from ipaddress import ip_address


def is_loopback(address: str) -> bool:
    """Return whether an address is a loopback address; False for invalid addresses."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
