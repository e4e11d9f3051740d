"""A package with a route whose requests run until a test lets them finish."""

import socket

from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED


def includeme(config):
    config.add_route("waiting", "/api/waiting/{port}")
    config.add_view(wait, route_name="waiting", permission=NO_PERMISSION_REQUIRED)


def wait(request):
    """Connect to a port of the test and answer when the test closes the connection."""
    with socket.create_connection(("127.0.0.1", int(request.matchdict["port"]))) as peer:
        peer.recv(1)
    return Response(json_body={})


class RunningRequests:
    """Counts the requests that run in a server, and lets them finish; a context manager."""

    def __init__(self, patience):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(patience)
        self._peers = []

    @property
    def path(self):
        return f"/api/waiting/{self._listening.getsockname()[1]}"

    def wait_for(self, count):
        """Wait until `count` more requests run."""
        self._peers += [self._listening.accept()[0] for _ in range(count)]

    def let_finish(self):
        for peer in self._peers:
            peer.close()
        self._peers.clear()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.let_finish()
        self._listening.close()
