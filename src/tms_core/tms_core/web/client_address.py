"""The client's address of a request (`tms_core.client_address`, with the settings of the deployment)."""

from tms_core.client_address import address_of, network_of


def client_address(request) -> str:
    """The client's address, as text; empty where the server does not tell."""
    return address_of(request.environ, request.registry.tms.core.trusted_proxies)


def client_network(request) -> str:
    """What one client cannot easily change: its address, in IPv6 its network."""
    return network_of(client_address(request))
