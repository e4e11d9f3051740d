"""Visibility and permissions: one predicate and one table, used by lists, reports, sockets and mail."""

from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import ColumnElement, or_

from tms_core.models import Task

Visibility = Literal["team", "private"]
Verb = Literal["read", "update", "delete", "change_creator"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The user who performs an operation. If `is_from_token`, `is_admin` may be outdated by half a second."""

    id: int
    is_admin: bool = False
    is_from_token: bool = field(default=False, compare=False)


# The actor of the command line, an administrator without an account: access to the ini file gives access to the
# database anyway.
OPERATOR = Actor(0, is_admin=True)

# Relations that allow each verb; «read» is decided by visibility.
ALLOWED: dict[Verb, frozenset[str]] = {
    "update": frozenset({"creator", "assignee", "admin"}),
    "delete": frozenset({"creator", "admin"}),
    "change_creator": frozenset({"admin"}),
}


def relations(actor: Actor, *, created_by: int, assigned_to: int | None) -> set[str]:
    """Return the actor's relations to a task."""
    found = set()
    if actor.is_admin:
        found.add("admin")
    if actor.id == created_by:
        found.add("creator")
    if actor.id == assigned_to:
        found.add("assignee")
    return found


def may_see(actor: Actor, visibility: Visibility, *, created_by: int, assigned_to: int | None) -> bool:
    if visibility == "team":
        return True
    return bool(relations(actor, created_by=created_by, assigned_to=assigned_to))


def may(actor: Actor, verb: Verb, *, created_by: int, assigned_to: int | None) -> bool:
    """Return whether the actor may perform `verb` on a task that is visible to it."""
    if verb == "read":
        return True
    return bool(ALLOWED[verb] & relations(actor, created_by=created_by, assigned_to=assigned_to))


def needs_role(actor: Actor, verb: Verb, *, created_by: int, assigned_to: int | None) -> bool:
    """Return whether only the administrator role allows the verb to the actor."""
    return not may(Actor(actor.id), verb, created_by=created_by, assigned_to=assigned_to)


def visible_tasks(actor: Actor, visibility: Visibility) -> ColumnElement[bool] | None:
    """Return `may_see` as an SQL condition; None if the actor sees all tasks."""
    if visibility == "team" or actor.is_admin:
        return None
    return or_(Task.created_by == actor.id, Task.assigned_to == actor.id)


def visibility_scope(actor: Actor, visibility: Visibility) -> str:
    """Return a key that is equal for actors who see the same tasks; part of cache keys."""
    return "all" if visible_tasks(actor, visibility) is None else f"user-{actor.id}"
