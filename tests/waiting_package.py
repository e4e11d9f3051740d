"""A package with a route and a batch lookup whose requests run until a test lets them finish."""

import socket

import orjson
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from tms_core.web.lookup_responses import LookupResponse
from tms_core.web.openapi import documented
from tms_core.web.resource import json_response, resource


def includeme(config):
    config.add_route("waiting", "/api/waiting/{port}")
    config.add_view(wait, route_name="waiting", permission=NO_PERMISSION_REQUIRED)
    config.include_web("waiting_package.lookup")


def lookup(config):
    config.add_batch_lookup("/api/waiting-lookup/{port}", look_up)
    config.scan("waiting_package")


def wait(request):
    """Connect to a port of the test and answer when the test closes the connection."""
    wait_for_test(int(request.matchdict["port"]))
    return Response(json_body={})


def look_up(requests):
    """Answer each request with the size of its batch, once the test lets the first one finish; the query `fail` fails,
    and `view` is left to the view."""
    wait_for_test(requests[0].path_id)
    if any(one.query == "fail" for one in requests):
        raise SystemExit
    body = orjson.dumps({"batch": len(requests)})
    return [None if one.query == "view" else LookupResponse(body, "x") for one in requests]


def wait_for_test(port):
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.recv(1)


@resource(path=r"/api/waiting-lookup/{port:\d+}")
class WaitingLookup:
    def __init__(self, request, context=None):
        self.request = request

    @documented("get_waiting_lookup", responses={200: dict[str, int]})
    def get(self):
        """The size of the batch."""
        return json_response({"batch": 0})


class RunningRequests:
    """Counts the requests that run in a server, and lets them finish; a context manager."""

    def __init__(self, patience):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(patience)
        self._peers = []

    @property
    def path(self):
        return f"/api/waiting/{self._port}"

    @property
    def lookup_path(self):
        return f"/api/waiting-lookup/{self._port}"

    @property
    def _port(self):
        return self._listening.getsockname()[1]

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
