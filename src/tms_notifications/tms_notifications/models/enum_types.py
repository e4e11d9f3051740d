"""Column types of enumerations, which store the members' values."""

from enum import StrEnum

from sqlalchemy import Enum


def enum_type(kind: type[StrEnum], name: str) -> Enum:
    """Return a PostgreSQL enumeration type `name` with the values of `kind`."""
    return Enum(kind, name=name, values_callable=lambda members: [member.value for member in members])
