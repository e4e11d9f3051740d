"""/favicon.ico and /robots.txt. These routes are not part of the OpenAPI document."""

from collections.abc import Callable
from importlib.resources import files

from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from tms_core.web.problems import problem

ICON = (files(__package__) / "page" / "favicon.ico").read_bytes()
ROBOTS = b"User-agent: *\nDisallow: /\n"
METHODS = ("GET", "HEAD")
CACHE_CONTROL = "public, max-age=86400"


def add_open_route(config, name: str, path: str, view: Callable[..., Response]) -> None:
    """Add a GET route outside the API that needs no token."""

    def reading_view(request):
        if request.method in METHODS:
            return view(request)
        response = problem(request, 405)
        response.allow = METHODS
        return response

    config.add_route(name, path)
    config.add_view(reading_view, route_name=name, permission=NO_PERMISSION_REQUIRED)


def favicon(request) -> Response:
    return _file(ICON, "image/x-icon")


def robots(request) -> Response:
    return _file(ROBOTS, "text/plain; charset=utf-8")


def _file(body: bytes, content_type: str) -> Response:
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body))), ("Cache-Control", CACHE_CONTROL)]
    return Response(app_iter=[body], headerlist=headers)


def includeme(config):
    add_open_route(config, "tms_core.favicon", "/favicon.ico", favicon)
    add_open_route(config, "tms_core.robots", "/robots.txt", robots)
