"""Network addresses."""

from ipaddress import ip_address

EVERY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104
LOOPBACK = ("127.0.0.1", "localhost")


def local_url(host: str, port: int) -> str:
    """Return the URL, for programs on the same machine, of an HTTP server that listens on `host`."""
    if host in (*EVERY_ADDRESS, *LOOPBACK):
        host = "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def is_loopback(address: str) -> bool:
    """Return whether an address is a loopback address; False for invalid addresses."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
