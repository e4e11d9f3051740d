"""JSON Schema for the types of a document, generated together so that equal names refer to one schema."""

from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from tms_core.web.schema_base import SchemaBase

REFERENCE = "#/components/schemas/{model}"
Mode = Literal["validation", "serialization"]


class ResponseSchema(SchemaBase):
    """Base class of response bodies, for the OpenAPI document and for tests that validate responses."""

    model_config = ConfigDict(frozen=True, strict=True)


class Nothing(ResponseSchema):
    """An empty object."""

    model_config = ConfigDict(extra="forbid")
    example = {}


class _Generator(GenerateJsonSchema):
    """Omits titles, which repeat the field name, and meaningless defaults: those of responses, and None for an absent
    field."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def sort(self, value: Any, parent_key: str | None = None) -> Any:
        # Keep the order of definition.
        return value

    def default_schema(self, schema: Any) -> dict[str, Any]:
        inner = self.generate_inner(schema["schema"])
        is_absence = schema.get("default") is None and {"type": "null"} not in inner.get("anyOf", ())
        return inner if is_absence or self.mode == "serialization" else super().default_schema(schema)


class SchemaCollection:
    """Collects types whose schemas are generated together: `of` returns an empty schema, which `fill` completes."""

    def __init__(self) -> None:
        self._wanted: list[tuple[TypeAdapter[Any], Mode, dict[str, Any]]] = []

    def of(self, kind: Any, mode: Mode) -> dict[str, Any]:
        schema: dict[str, Any] = {}
        self._wanted.append((TypeAdapter(kind), mode, schema))
        return schema

    def fill(self) -> dict[str, Any]:
        """Complete the schemas and return the components by name."""
        inputs = [(place, mode, adapter) for place, (adapter, mode, _) in enumerate(self._wanted)]
        found, shared = TypeAdapter.json_schemas(inputs, ref_template=REFERENCE, schema_generator=_Generator)
        for place, (_, mode, schema) in enumerate(self._wanted):
            schema.update(found[(place, mode)])
        components: dict[str, Any] = shared.get("$defs", {})
        for component in components.values():
            component.pop("title", None)
        return components
