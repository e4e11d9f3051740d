"""Reads the figures of a report from the counters, and from the events that they do not contain yet, in one query."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from tms_core.event_log.events import TaskEventRecord
from tms_core.models import OPEN_STATUSES, EventKind, Status
from tms_core.single_statements import Rows, SingleStatements
from tms_reports.counters.keys import CELLS, NOBODY, Dimension, day_number, states_of
from tms_reports.counters.storage import SINK
from tms_reports.counters.views import TaskState, View
from tms_reports.figures import Figures

# With more events that are not delivered yet, the counters are behind: the relay is down or catching up.
MAX_PENDING = 5_000
Matches = Callable[[TaskState], bool]


@dataclass(frozen=True, slots=True)
class LiveFigures:
    """The figures, and whether they contain all committed changes; else those up to `figures.position` only."""

    figures: Figures
    is_current: bool


def read_figures(
    statements: SingleStatements, view: View, cells: tuple[int, ...], matches: Matches, *, today: date
) -> LiveFigures | None:
    """Return the figures of a view, of the numbers with these indexes; None if the counters are not complete.

    `matches` tells whether the view counts a task of an event.
    """
    rows = statements.read(_statement(cells), _parameters(view, today))
    cursor, newest, data = next(row[1:4] for row in rows if row[0] == "state")
    if not data["is_complete"] or (view.is_personal and not data["is_personal"]):
        return None
    figures = Figures(position=cursor)
    pending = _fill(figures, view, rows, cells)
    is_current = len(pending) <= MAX_PENDING
    if is_current:
        figures.position = newest
        _apply(figures, pending, matches, today)
    _add_missing_names(figures, statements)
    return LiveFigures(figures, is_current)


def _fill(figures: Figures, view: View, rows: Rows, cells: tuple[int, ...]) -> list[TaskEventRecord]:
    """Add the counters to the figures and return the events that they do not contain."""
    factors = {scope: factor for scope, _, factor in view.totals}
    pending = []
    for what, key, _, data, users, numbers, names in rows:
        match what:
            case "created" | "assigned":
                getattr(figures, what).update(dict(zip(users or (), numbers or (), strict=True)))
            case "names":
                figures.usernames.update(zip(users or (), names or (), strict=True))
            case "due":
                figures.overdue += factors[key] * data[0]
                figures.due_soon += factors[key] * data[1]
            case "total":
                for index in cells:
                    figures.cells[CELLS[index]] += factors[key] * data[index]
                total = sum(data[index] for index in cells)
                for own, found in ((view.creator, figures.created), (view.assignee, figures.assigned)):
                    if own and own[0] == key:
                        found[own[1]] = total
            case "event":
                kind, changes, snapshot = data
                pending.append(TaskEventRecord(0, 0, EventKind(kind), None, changes, snapshot, None))  # type: ignore[arg-type]
    return pending


def _apply(figures: Figures, events: Iterable[TaskEventRecord], matches: Matches, today: date) -> None:
    """Add the changes of events to the figures."""
    soon = (today, today + timedelta(days=1))
    for event in events:
        for values, number in states_of(event):
            task = TaskState.of(values)
            if not matches(task):
                continue
            figures.cells[task.status, task.priority] += number
            figures.created[task.created_by] += number
            if task.assigned_to is not None:
                figures.assigned[task.assigned_to] += number
            if task.due_date and task.status in OPEN_STATUSES:
                figures.overdue += number * (task.due_date < today)
                figures.due_soon += number * (task.status == Status.PENDING and task.due_date in soon)


def _add_missing_names(figures: Figures, statements: SingleStatements) -> None:
    """Add the names of users who are in no row of the counters."""
    users = {user for numbers in (figures.created, figures.assigned) for user, number in numbers.items() if number}
    if missing := users - figures.usernames.keys():
        rows = statements.read("SELECT id, username FROM users WHERE id = ANY(%(ids)s)", {"ids": list(missing)})
        figures.usernames.update(rows)


def _parameters(view: View, today: date) -> dict[str, Any]:
    nothing = (-1, 0)
    created, assigned = view.created or nothing, view.assigned or nothing
    return {
        "sink": SINK,
        "scopes": [int(scope) for scope, _, _ in view.totals],
        "owners": [owner for _, owner, _ in view.totals],
        "created_scope": int(created[0]),
        "created_owner": created[1],
        "created_except": view.creator[1] if view.creator else 0,
        "assigned_scope": int(assigned[0]),
        "assigned_owner": assigned[1],
        "assigned_except": view.assignee[1] if view.assignee else 0,
        "today": day_number(today),
        "limit": MAX_PENDING + 1,
    }


def _by_user(what: str, dimension: Dimension, number: str) -> str:
    return f"""
        SELECT '{what}', NULL, NULL::bigint, NULL, array_agg(key), array_agg({number}), NULL
        FROM report_counter WHERE {_keys_of(what, dimension)}"""


def _keys_of(what: str, dimension: Dimension) -> str:
    return f"""scope = %({what}_scope)s AND owner = %({what}_owner)s AND dimension = {dimension:d}
            AND key NOT IN ({NOBODY}, %({what}_except)s)"""


def _events(condition: str, order: str) -> str:
    # Ordered as an index is, which the planner would else not use: it expects a third of all events.
    return f"""(
        SELECT 'event', NULL::bigint, NULL::bigint,
            jsonb_build_array(kind, changes - '{{title,description}}'::text[],
                snapshot - '{{title,description}}'::text[]), NULL::bigint[], NULL::bigint[], NULL::text[]
        FROM task_event WHERE {condition} ORDER BY {order} LIMIT %(limit)s)"""


@lru_cache(maxsize=64)
def _statement(cells: tuple[int, ...]) -> str:
    """Return the query; its first row is the state of the counters, all of one snapshot."""

    def sum_of(*statuses: Status) -> str:
        numbers = [f"numbers[{index + 1}]" for index in cells if CELLS[index][0] in statuses]
        return f"({' + '.join(numbers)})" if numbers else "0::bigint"

    number = sum_of(*Status)
    return f"""
        WITH cursor AS MATERIALIZED (
            SELECT coalesce((SELECT position FROM relay_cursor WHERE sink = %(sink)s), 0) AS position
        ), chosen AS (
            SELECT * FROM unnest(%(scopes)s::smallint[], %(owners)s::bigint[]) AS chosen (scope, owner)
        )
        SELECT 'state', cursor.position, (SELECT coalesce(max(position), 0) FROM task_event),
            jsonb_build_object(
                'is_complete',
                coalesce((SELECT bulk_loads FROM report_counter_state), -1) = (SELECT count(*) FROM report_bulk_load),
                'is_personal', (SELECT is_personal FROM report_counter_state)
            ), NULL::bigint[], NULL::bigint[], NULL::text[]
        FROM cursor
        UNION ALL
        SELECT 'total', scope, NULL, to_jsonb(numbers), NULL, NULL, NULL
        FROM chosen JOIN report_counter USING (scope, owner) WHERE dimension = {Dimension.TOTAL:d}
        UNION ALL
        SELECT 'due', scope, NULL, jsonb_build_array(overdue, due_soon), NULL, NULL, NULL
        FROM chosen CROSS JOIN LATERAL (
            SELECT coalesce(sum({sum_of(*OPEN_STATUSES)}) FILTER (WHERE key < %(today)s), 0) AS overdue,
                coalesce(sum({sum_of(Status.PENDING)}) FILTER (WHERE key >= %(today)s), 0) AS due_soon
            FROM report_counter AS counter
            WHERE counter.scope = chosen.scope AND counter.owner = chosen.owner
                AND dimension = {Dimension.DUE:d} AND key <= %(today)s + 1
        ) AS due
        UNION ALL {_by_user("created", Dimension.CREATED, number)}
        UNION ALL {_by_user("assigned", Dimension.ASSIGNED, number)}
        UNION ALL
        SELECT 'names', NULL, NULL, NULL, array_agg(id), NULL, array_agg(username) FROM users WHERE id IN (
            SELECT key FROM report_counter WHERE {_keys_of("created", Dimension.CREATED)}
            UNION ALL
            SELECT key FROM report_counter WHERE {_keys_of("assigned", Dimension.ASSIGNED)})
        UNION ALL {_events("position > (SELECT position FROM cursor)", "position")}
        UNION ALL {_events("position IS NULL", "id")}
    """
