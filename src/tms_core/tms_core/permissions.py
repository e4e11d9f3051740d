"""Who sees what, and who may do what: the one predicate and the one table that lists, reports, sockets and mail use."""

from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import ColumnElement, or_

from tms_core.models import Task

Visibility = Literal["team", "private"]
Verb = Literal["read", "update", "delete", "change_creator"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. `is_from_token` says that `is_admin` may be behind the database by half a second."""

    id: int
    is_admin: bool = False
    is_from_token: bool = field(default=False, compare=False)


# Whoever has the ini file has the database: the command line acts as an administrator who has no account.
OPERATOR = Actor(0, is_admin=True)

# Relations that allow a verb, besides «read», which visibility decides.
ALLOWED: dict[Verb, frozenset[str]] = {
    "update": frozenset({"creator", "assignee", "admin"}),
    "delete": frozenset({"creator", "admin"}),
    "change_creator": frozenset({"admin"}),
}


def relations(actor: Actor, *, created_by: int, assigned_to: int | None) -> set[str]:
    """What the actor is to a task."""
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
    """Whether the actor may do this to a task that it sees."""
    if verb == "read":
        return True
    return bool(ALLOWED[verb] & relations(actor, created_by=created_by, assigned_to=assigned_to))


def needs_role(actor: Actor, verb: Verb, *, created_by: int, assigned_to: int | None) -> bool:
    """Whether nothing but the administrator's role allows the verb to the actor."""
    return not may(Actor(actor.id), verb, created_by=created_by, assigned_to=assigned_to)


def visible_tasks(actor: Actor, visibility: Visibility) -> ColumnElement[bool] | None:
    """`may_see` as SQL; None where nothing is hidden from the actor."""
    if visibility == "team" or actor.is_admin:
        return None
    return or_(Task.created_by == actor.id, Task.assigned_to == actor.id)


def visibility_scope(actor: Actor, visibility: Visibility) -> str:
    """A word that is equal for two actors who see the same tasks; part of cache keys."""
    return "all" if visible_tasks(actor, visibility) is None else f"user-{actor.id}"
