"""The client address of a request, by `tms_core.client_address` and the deployment's settings."""

from tms_core.client_address import address_of, network_of


def client_address(request) -> str:
    """Return the client's IP address, or "" if the WSGI server does not provide one."""
    return address_of(request.environ, request.registry.tms.core.trusted_proxies)


def client_network(request) -> str:
    """Return the client's IPv4 address or IPv6 network, the unit by which rate limits count clients."""
    return network_of(client_address(request))
