"""The tasks that a report is about, and the moment for which it is computed."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement

from tms_core.permissions import Actor, Visibility, visible_tasks
from tms_core.services.task_filter import TaskFilter


@dataclass(frozen=True)
class Scope:
    """Tasks that match the filter now and that the actor may see now; days are those of `zone`."""

    actor: Actor
    visibility: Visibility
    wanted: TaskFilter
    now: datetime
    zone: ZoneInfo

    @cached_property
    def criteria(self) -> list[ColumnElement[bool]]:
        found = self.wanted.criteria()
        visible = visible_tasks(self.actor, self.visibility)
        return found if visible is None else [*found, visible]

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()
