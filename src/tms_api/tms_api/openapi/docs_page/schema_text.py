"""Short descriptions of JSON schemas for the documentation page."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
from markupsafe import Markup, escape

from tms_core.web.openapi.examples import PREFIX, example_of

# Larger upper bounds are not shown.
MAX_SHOWN = 10**9
CODE = re.compile(r"`([^`]+)`")
FORMATS = {
    "date": "day, as 2027-03-31",
    "date-time": "instant, as 2027-03-01T12:00:00Z",
    "uri": "address",
    "uuid": "UUID",
}


def prose(text: str) -> Markup:
    """Escape text and mark up its `backquoted` parts as code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def as_json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


class Schemas:
    """Describes schemas, resolving references to the document's components."""

    def __init__(self, document: Mapping[str, Any]):
        self._components: Mapping[str, Any] = document["components"]["schemas"]

    def example(self, schema: Mapping[str, Any]) -> str:
        return as_json(example_of(schema, self._components))

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        reference = schema.get("$ref")
        return self._components[reference.removeprefix(PREFIX)] if reference else schema

    def kind(self, schema: Mapping[str, Any]) -> Markup:
        """Return the type and its bounds; named schemas become links to their description."""
        match schema:
            case {"$ref": str(reference)}:
                return self._named(reference.removeprefix(PREFIX))
            case {"anyOf": list(kinds)} | {"oneOf": list(kinds)}:
                return Markup(" or ").join(self.kind(one) for one in kinds)
            case {"const": value}:
                return _code(value)
            case {"enum": list(values)}:
                return Markup(" · ").join(_code(value) for value in values)
            case {"type": "array"}:
                return Markup("list of ") + self.kind(schema.get("items", {})) + escape(_bounds(schema, "Items", ""))
            case {"type": "object", "additionalProperties": dict(values)}:
                return Markup("object of ") + self.kind(values)
            case _:
                return escape(_plain(schema))

    def rows(self, schema: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the fields of an object schema."""
        resolved = self.resolved(schema)
        required = resolved.get("required", ())
        return [
            {
                "name": name,
                "kind": self.kind(one),
                "is_required": name in required,
                "help": one.get("description", ""),
                "default": as_json(one["default"]) if "default" in one else "",
            }
            for name, one in resolved.get("properties", {}).items()
        ]

    def _named(self, name: str) -> Markup:
        resolved = self._components[name]
        if "enum" in resolved:
            return self.kind(resolved)
        return Markup('<a href="#schema-{0}">{0}</a>').format(name)


def components_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the named object schemas."""
    schemas = Schemas(document)
    return [
        {
            "name": name,
            "help": resolved.get("description", ""),
            "rows": schemas.rows(resolved),
            "example": schemas.example(resolved),
        }
        for name, resolved in document["components"]["schemas"].items()
        if resolved.get("type") == "object"
    ]


def _code(value: Any) -> Markup:
    return Markup("<code>{}</code>").format(value)


def _plain(schema: Mapping[str, Any]) -> str:
    match schema.get("type"):
        case "string":
            return FORMATS.get(schema.get("format", ""), "text") + _bounds(schema, "Length", " characters")
        case "integer":
            return "whole number" + _limits(schema)
        case "number":
            return "number" + _limits(schema)
        case "boolean":
            return "true or false"
        case "null":
            return "null"
        case "object":
            return "object"
        case _:
            return "anything"


def _limits(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if most is None or most >= MAX_SHOWN:
        return "" if least is None else f" from {least}"
    return f" {least}–{most}"


def _bounds(schema: Mapping[str, Any], suffix: str, unit: str) -> str:
    least, most = schema.get(f"min{suffix}"), schema.get(f"max{suffix}")
    if most is None:
        return f", at least {least}{unit}" if least else ""
    if not least:
        return f", at most {most}{unit}"
    return f", {least or 0}–{most}{unit}" if least != most else f", {most}{unit}"
