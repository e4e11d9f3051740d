"""The OpenAPI document of the included packages."""

import sys
from typing import Any

from tms_core.settings import CoreSettings
from tms_core.web.openapi.decorators import Tag
from tms_core.web.openapi.operations import operation
from tms_core.web.openapi.paths import path_of
from tms_core.web.openapi.problems import with_codes
from tms_core.web.openapi.responses import shared_responses
from tms_core.web.openapi.schemas import SchemaCollection
from tms_core.web.resource import Method, methods_of

VERSION = "3.1.0"
TOKENS = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "`Authorization: Bearer <access>`, with the access token that signing in gives.",
    },
    "personal": {
        "type": "http",
        "scheme": "bearer",
        "description": "`Authorization: Bearer <token>`, with a personal API token that has the scope named here.",
    },
}


VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def build_document(registry, info: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI document of all resources in this registry; `info` is its Info object."""
    schemas = SchemaCollection()
    paths: dict[str, dict[str, Any]] = {}
    groups: dict[str, dict[str, Tag]] = {}
    for method in _in_order(registry):
        tag = tag_of(method)
        groups.setdefault(_package(method), {})[tag.name] = tag
        path = path_of(method.pattern)
        scope = registry.tms.registry.scopes.get(f"{method.verb} {path}")
        paths.setdefault(path, {})[method.verb.lower()] = operation(method, tag.name, scope, schemas)
    responses = shared_responses(schemas)
    return {
        "openapi": VERSION,
        "info": info,
        "servers": [{"url": _server(registry.tms.core)}],
        "security": [{"bearer": []}],
        "tags": [
            {"name": tag.name, "description": tag.description} for tags in groups.values() for tag in tags.values()
        ],
        # Groups tags by package; an extension that several OpenAPI tools display.
        "x-tagGroups": [{"name": package, "tags": list(tags)} for package, tags in groups.items()],
        "paths": paths,
        "components": {
            "securitySchemes": TOKENS,
            "responses": responses,
            "schemas": with_codes(dict(sorted(schemas.fill().items())), registry.tms.registry.error_codes.values()),
        },
    }


def _server(core: CoreSettings) -> str:
    """Return the server URL; in development a relative one, resolved against the document's URL."""
    return core.public_url if core.environment == "production" else "/"


def tag_of(method: Method) -> Tag:
    """Return the tag of the method's resource, by default its package with the package's docstring."""
    own: Tag | None = getattr(method.resource, "tag", None)
    package = _package(method)
    return own or Tag(package, (sys.modules[package].__doc__ or "").strip())


def _package(method: Method) -> str:
    return method.resource.__module__.partition(".")[0]


def _in_order(registry) -> list[Method]:
    """Return the methods ordered by package (in the order of inclusion, the core last), tag and path."""
    core, *features = registry.tms.registry.packages
    packages = [*features, core]

    def place(method: Method) -> tuple[Any, ...]:
        package = _package(method)
        is_ours = package in packages
        return (
            packages.index(package) if is_ours else len(packages),
            tag_of(method).place,
            path_of(method.pattern),
            VERBS.index(method.verb),
        )

    return sorted(methods_of(registry), key=place)
