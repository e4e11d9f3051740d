"""/assets/PACKAGE/NAME: the built files of all packages, from memory, in the encoding that the client accepts."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from webob.acceptparse import AcceptEncodingValidHeader

from tms_core.registry import Registry
from tms_core.web.site_files import add_open_route
from tms_web.frontends import CODINGS, Frontend, read_frontend

PREFIX = "/assets"
IDENTITY = "identity"
# A name with a hash of its content, as esbuild writes them, never gets other content.
HASHED = re.compile(r"-[A-Z0-9]{8}(\.[a-z0-9]+)+$")
IMMUTABLE = "public, max-age=31536000, immutable"
CHECKED = "no-cache"
TYPES = {
    "css": "text/css; charset=utf-8",
    "gif": "image/gif",
    "ico": "image/x-icon",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "map": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file: its bytes by content coding, and what all of its responses have in common."""

    content_type: str
    cache_control: str
    digest: str
    bodies: Mapping[str, bytes]

    def response(self, request) -> Response:
        coding = self._coding(request.accept_encoding)
        body = self.bodies[coding]
        headers = [
            ("Content-Type", self.content_type),
            ("Content-Length", str(len(body))),
            ("Cache-Control", self.cache_control),
            ("ETag", f'"{self.digest}-{coding}"'),
            ("Vary", "Accept-Encoding"),
            # Not for pages of others, which load nothing of ours.
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ]
        if coding != IDENTITY:
            headers.append(("Content-Encoding", coding))
        return Response(app_iter=[body], headerlist=headers)

    def _coding(self, accepted) -> str:
        """Return the coding that the client prefers; without a valid header, none (RFC 9110, section 12.5.3)."""
        if not isinstance(accepted, AcceptEncodingValidHeader):
            return IDENTITY
        offers = accepted.acceptable_offers([*self.bodies])
        return str(offers[0][0]) if offers else IDENTITY


class Assets:
    """The files of all packages, by «package/name»."""

    def __init__(self, registry: Registry):
        self.frontends = [read_frontend(location) for location in registry.frontends.values()]
        self._assets = {name: asset for frontend in self.frontends for name, asset in _assets_of(frontend)}

    def find(self, name: str) -> Asset | None:
        return self._assets.get(name)


def _assets_of(frontend: Frontend) -> Iterator[tuple[str, Asset]]:
    for name in frontend.names:
        body = frontend.files[name]
        # The client's preference comes first; among equals, this order.
        packed = {coding: frontend.files.get(name + suffix) for coding, suffix in CODINGS.items()}
        bodies = {**{coding: copy for coding, copy in packed.items() if copy is not None}, IDENTITY: body}
        asset = Asset(
            TYPES.get(name.rpartition(".")[2], "application/octet-stream"),
            IMMUTABLE if HASHED.search(name) else CHECKED,
            hashlib.blake2b(body, digest_size=8).hexdigest(),
            bodies,
        )
        yield f"{frontend.package}/{name}", asset


def serve(request) -> Response:
    asset = request.registry.web_assets.find("{package}/{name}".format(**request.matchdict))
    if asset is None:
        raise HTTPNotFound()
    return asset.response(request)


def includeme(config):
    config.registry.web_assets = Assets(config.registry.tms.registry)
    add_open_route(config, "tms_web.assets", f"{PREFIX}/{{package}}/{{name:.+}}", serve)
