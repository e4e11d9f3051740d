"""What a schema tells its readers besides its fields."""

from typing import Any, ClassVar

from pydantic import BaseModel


class SchemaBase(BaseModel):
    # One value that fits the class; not inherited.
    example: ClassVar[Any] = None
    # What is left out of a partial body stays as it is, so no defaults are told.
    is_partial: ClassVar[bool] = False

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        schema: dict[str, Any] = handler(core_schema)
        told = handler.resolve_ref_schema(schema)
        if "example" in cls.__dict__:
            told["examples"] = [cls.example]
        if cls.is_partial:
            for field in told.get("properties", {}).values():
                field.pop("default", None)
        return schema
