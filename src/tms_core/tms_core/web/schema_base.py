"""Base class of schemas: examples and partial bodies in JSON Schema."""

from typing import Any, ClassVar

from pydantic import BaseModel


class SchemaBase(BaseModel):
    # An example value of the class; not inherited.
    example: ClassVar[Any] = None
    # Omitted fields of a partial body keep their values, so its JSON Schema has no defaults.
    is_partial: ClassVar[bool] = False

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        schema: dict[str, Any] = handler(core_schema)
        resolved = handler.resolve_ref_schema(schema)
        if "example" in cls.__dict__:
            resolved["examples"] = [cls.example]
        if cls.is_partial:
            for field in resolved.get("properties", {}).values():
                field.pop("default", None)
        return schema
