"""Answers the counts of open tasks from the kept counters, where these serve the filter."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from tms_core.models import OPEN_STATUSES, Priority
from tms_reports.counters.keys import CELLS
from tms_reports.counters.reading import read_figures
from tms_reports.counters.views import NotCounted, View, cells_of, choose_view, matches
from tms_reports.figures import Figures
from tms_reports.series.scope import Scope

# Dimensions: the number of open tasks, and that by assignee and priority.
OPEN = "open"
OPEN_BY_ASSIGNEE = "open by assignee"
Answers = dict[str, Counter[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class SnapshotStatements:
    """Executes the statements of `read_figures` on a connection, and so in its snapshot."""

    connection: Connection

    def read(self, statement: str, parameters: Any = None) -> Any:
        return self.connection.exec_driver_sql(statement, parameters).all()


@dataclass(frozen=True, slots=True)
class KeptCounters:
    """The counters in the snapshot of a connection; `is_personal` tells whether those of each user are kept."""

    connection: Connection
    is_personal: bool

    def answers(self, dimensions: set[str], scope: Scope) -> Answers:
        """Return the tallies of those of the dimensions that the counters have; none if they are incomplete, or do not
        serve the filter."""
        view = choose_view(scope.wanted, scope.actor, scope.visibility, is_personal=self.is_personal)
        if isinstance(view, NotCounted):
            return {}
        found: Answers = {}
        if OPEN in dimensions and (figures := self._open(view, scope, frozenset(Priority))):
            found[OPEN] = Counter({(): sum(figures.cells.values())})
        if OPEN_BY_ASSIGNEE in dimensions and (by_assignee := self._by_assignee(view, scope)) is not None:
            found[OPEN_BY_ASSIGNEE] = by_assignee
        return found

    def _by_assignee(self, view: View, scope: Scope) -> Counter[tuple[Any, ...]] | None:
        found: Counter[tuple[Any, ...]] = Counter()
        for priority in Priority:
            figures = self._open(view, scope, frozenset({priority}))
            if figures is None:
                return None
            for user, number in figures.assigned.items():
                found[user, figures.usernames.get(user), priority] += number
            found[None, None, priority] += sum(figures.cells.values()) - sum(figures.assigned.values())
        return +found

    def _open(self, view: View, scope: Scope, priorities: frozenset[Priority]) -> Figures | None:
        """Return the figures of the open tasks with these priorities; None if the counters do not contain all."""
        cells = tuple(
            index
            for index in cells_of(scope.wanted)
            if CELLS[index][0] in OPEN_STATUSES and CELLS[index][1] in priorities
        )

        def is_counted(task: Any) -> bool:
            is_of_cells = task.status in OPEN_STATUSES and task.priority in priorities
            return is_of_cells and matches(task, scope.wanted, scope.actor, scope.visibility)

        statements: Any = SnapshotStatements(self.connection)
        found = read_figures(statements, view, cells, is_counted, today=scope.today)
        return found.figures if found and found.is_current else None
