"""The resource that issues tickets for the WebSocket and the event stream."""

from typing import Annotated

import redis
from pydantic import Field

from tms_core.errors import UnavailableError
from tms_core.web.openapi import ResponseDoc, ResponseSchema, Tag, documented
from tms_core.web.resource import issues_ticket, json_response, resource
from tms_realtime.auth.tickets import LIFE, issue
from tms_realtime.error_codes import REDIS_AWAY
from tms_realtime.settings import RealtimeSettings

PATH = "/ws/tasks/"


class TicketResponse(ResponseSchema):
    """The ticket is sent as a query parameter: `url?ticket=…`."""

    example = {
        "ticket": "kPq0nJ1m2nQmUoT2nZ7c3s8yRrWw1vF6gB4xHh9tL0E",
        "expires_in": LIFE,
        "url": "ws://localhost:8001/ws/tasks/",
    }

    ticket: str
    expires_in: Annotated[int, Field(description="Seconds.")]
    url: str


@resource(path="/api/ws-ticket")
class Ticket:
    tag = Tag("Realtime", "Task changes as they happen, over WebSocket or Server-Sent Events.")

    def __init__(self, request, context=None):
        self.request = request

    @issues_ticket
    @documented(
        "create_ws_ticket",
        responses={201: ResponseDoc(TicketResponse), 503: "Redis, which stores the tickets, is down."},
    )
    def post(self):
        """Create a ticket for the WebSocket or the event stream. It is valid once, for 30 seconds."""
        try:
            ticket = issue(self.request.registry.tms.redis_long_timeout, self.request.claims)
        except redis.RedisError:
            raise UnavailableError("Redis, which stores the tickets, is down.", REDIS_AWAY) from None
        answer = {"ticket": ticket, "expires_in": LIFE, "url": socket_url(self.request)}
        return json_response(answer, status=201, headers={"Cache-Control": "no-store"})


def socket_url(request) -> str:
    """Return the URL of the WebSocket: the setting, else the requested host with the realtime port."""
    settings = request.registry.tms.settings(RealtimeSettings)
    if settings.public_url:
        return settings.public_url
    scheme = "wss" if request.scheme == "https" else "ws"
    host = request.host.rpartition(":")[0] if ":" in request.host.rpartition("]")[2] else request.host
    return f"{scheme}://{host}:{settings.port}{PATH}"


def includeme(config):
    config.scan("tms_realtime.resources")
