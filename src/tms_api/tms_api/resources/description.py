from pyramid.events import ApplicationCreated

from tms_api.openapi.description import Description
from tms_api.openapi.operations import description as operations
from tms_api.preconditions import tagged
from tms_api.resources.tags import DESCRIPTION
from tms_core.web.resource import open_to_all, resource


@resource(path="/api/openapi.json", name="openapi")
class OpenApi:
    tag = DESCRIPTION

    def __init__(self, request, context=None):
        self.request = request

    @open_to_all
    @operations.get_openapi
    def get(self):
        """Get this description as an OpenAPI document."""
        description: Description = self.request.registry.description
        return tagged(description.body, description.tag)


@resource(path="/api/docs", name="docs")
class Docs:
    tag = DESCRIPTION

    def __init__(self, request, context=None):
        self.request = request

    @open_to_all
    @operations.get_docs
    def get(self):
        """Get this description as an HTML page."""
        page = self.request.registry.description.page
        response = tagged(page.body, page.tag)
        if response.status_code == 200:
            response.headers.update({"Content-Type": "text/html; charset=utf-8", **page.headers})
        return response


def _describe(event) -> None:
    event.app.registry.description = Description(event.app.registry)


def includeme(config):
    config.add_subscriber(_describe, ApplicationCreated)
