"""Serves the JavaScript client, which pages of any origin may import."""

import hashlib
from importlib.resources import files

from pyramid.response import Response

from tms_core.web.openapi import ETAG, IF_NONE_MATCH, ResponseDoc, documented
from tms_core.web.resource import open_to_all, resource
from tms_realtime.resources import Ticket

CONTENT_TYPE = "text/javascript"
SCRIPT = (files("tms_realtime") / "static" / "tms-client.js").read_bytes()
TAG = hashlib.blake2b(SCRIPT, digest_size=8).hexdigest()


@resource(path="/tms-client.js", name="client_script")
class ClientScript:
    tag = Ticket.tag

    def __init__(self, request, context=None):
        self.request = request

    @open_to_all
    @documented(
        "get_client_script",
        headers=(IF_NONE_MATCH,),
        responses={200: ResponseDoc(str, "An ES module.", headers=(ETAG,), content_types=(CONTENT_TYPE,))},
        needs_database=False,
    )
    def get(self):
        """The JavaScript client, for pages and for Node: `import { TmsClient } from "…/tms-client.js"`."""
        response = Response(SCRIPT, content_type=CONTENT_TYPE, charset="utf-8")
        response.etag = TAG
        response.headers["Cache-Control"] = "no-cache"
        # The file is public. Which origins may call the API is set by `tms.cors_origins`.
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response


def includeme(config):
    config.scan("tms_realtime.client_script")
