"""A redirect from / to the API documentation, for deployments in which no package serves /."""

from pyramid.response import Response

from tms_core.web.public_url import absolute_url
from tms_core.web.site_files import add_open_route


def home(request) -> Response:
    path = request.registry.tms.registry.index_links.get("docs", "/api")
    return Response(status=302, headerlist=[("Location", absolute_url(request, path)), ("Cache-Control", "no-cache")])


def includeme(config):
    add_open_route(config, "tms_core.home", "/", home)
