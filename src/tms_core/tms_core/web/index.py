"""/api: an index of the API's URLs."""

from tms_core.web.openapi import ResponseSchema, documented
from tms_core.web.public_url import absolute_url
from tms_core.web.resource import json_response, open_to_all, resource


class Index(ResponseSchema):
    """URLs by name."""

    example = {
        "name": "TMS",
        "links": {
            "health": "https://tms.example.com/api/health",
            "docs": "https://tms.example.com/api/docs",
            "tasks": "https://tms.example.com/api/task",
        },
    }

    name: str
    links: dict[str, str]


@resource(path="/api", name="index")
class IndexResource:
    def __init__(self, request, context=None):
        self.request = request

    @open_to_all
    @documented("get_index", responses={200: Index}, needs_database=False)
    def get(self):
        """List the API's entry points. These are the OpenAPI document, its HTML page and the packages' URLs."""
        paths = self.request.registry.tms.registry.index_links
        links = {name: absolute_url(self.request, path) for name, path in paths.items()}
        headers = {"Cache-Control": "public, max-age=300"}
        return json_response({"name": "TMS", "links": links}, headers=headers)


def includeme(config):
    config.add_index_link("health", "/api/health")
    config.add_index_link("ready", "/api/ready")
    config.scan("tms_core.web.index")
