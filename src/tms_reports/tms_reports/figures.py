"""The numbers of a report before they are named and summed up."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from tms_core.models import Priority, Status
from tms_core.services.task_filter import TaskFilter
from tms_reports.insight_urls import insight_urls
from tms_reports.schemas import Report

Mode = Literal["live", "scan"]


@dataclass(slots=True)
class Figures:
    """Numbers of tasks of one snapshot: by status and priority, by user id, due soon and overdue. `position` is the
    newest event that they contain."""

    cells: Counter[tuple[str, str]] = field(default_factory=Counter)
    assigned: Counter[int] = field(default_factory=Counter)
    created: Counter[int] = field(default_factory=Counter)
    due_soon: int = 0
    overdue: int = 0
    usernames: dict[int, str] = field(default_factory=dict)
    position: int = 0

    def report(
        self, wanted: TaskFilter, today: date, *, mode: Mode, generated_at: datetime, began: float, threads: int
    ) -> Report:
        """Return the report of the tasks that match a filter; `began` is the time of `time.perf_counter()` when it was
        begun."""
        by_status = self._by_member(Status, 0)
        assigned = self._by_user(self.assigned)
        created = self._by_user(self.created)
        total = sum(by_status.values())
        user_ids = {
            self.usernames[user]: user
            for numbers in (self.assigned, self.created)
            for user, number in numbers.items()
            if number
        }
        completed = by_status[Status.COMPLETED]
        return Report(
            total=total,
            completed=completed,
            pending=by_status[Status.PENDING],
            tasks_by_priority=self._by_member(Priority, 1),
            tasks_by_status=by_status,
            tasks_assigned=assigned,
            tasks_created=created,
            tasks_due_soon=self.due_soon,
            overdue=self.overdue,
            # All numbers are from the same snapshot, so the difference is exact.
            unassigned=total - sum(assigned.values()),
            completion_rate=round(completed / total, 4) if total else None,
            generated_at=generated_at,
            as_of_event=self.position,
            elapsed_ms=round((time.perf_counter() - began) * 1000, 1),
            threads=threads,
            mode=mode,
            user_ids=user_ids,
            urls=insight_urls(
                wanted,
                today,
                assigned={name: user_ids[name] for name in assigned},
                created={name: user_ids[name] for name in created},
            ),
        )

    def _by_member(self, enum: type[StrEnum], index: int) -> dict[str, int]:
        """Return the sums of the cells by the enum member at `index` of their key; 0 for members without tasks."""
        found = Counter[str]()
        for key, number in self.cells.items():
            found[key[index]] += number
        return {member.value: found[member] for member in enum}

    def _by_user(self, numbers: Mapping[int, int]) -> dict[str, int]:
        named = [(self.usernames[user], number) for user, number in numbers.items() if number]
        return dict(sorted(named, key=lambda entry: (-entry[1], entry[0])))
