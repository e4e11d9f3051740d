"""Example values for OpenAPI schemas, used in the documentation and the Postman collection."""

from collections.abc import Mapping
from typing import Any

PREFIX = "#/components/schemas/"
FORMATS = {
    "date": "2027-03-31",
    "date-time": "2027-03-01T12:00:00Z",
    "uri": "https://tms.example.com/api/task?page=2",
    "uuid": "5f0c2a9b-e3d1-4477-8a7e-0d9a3c1b2f4e",
}


def example_of(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Any:
    """Return the schema's example, or a value generated from the schema."""
    match schema:
        case {"examples": [first, *_]}:
            return first
        case {"$ref": str(reference)}:
            return example_of(components[reference.removeprefix(PREFIX)], components)
        case {"default": value} | {"const": value} | {"enum": [value, *_]}:
            return value
        case {"anyOf": [first, *_]} | {"oneOf": [first, *_]}:
            return example_of(first, components)
        case {"type": "object", "properties": properties}:
            return {name: example_of(one, components) for name, one in properties.items()}
        case {"type": "array", "items": items}:
            return [example_of(items, components)]
        case _:
            return _plain(schema)


def _plain(schema: Mapping[str, Any]) -> Any:
    match schema.get("type"):
        case "string":
            return FORMATS.get(schema.get("format", ""), "text")
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "object":
            return {}
        case _:
            return None
