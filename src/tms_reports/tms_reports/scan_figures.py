"""The figures of a scan, from the results of its counts."""

from collections import Counter

from sqlalchemy import Connection, text

from tms_reports.counts import KIND, LATE, SOON, Tallies
from tms_reports.figures import Figures
from tms_reports.threads import Counted

NAMES = text("SELECT id, username FROM users WHERE id = ANY(:ids)")


def figures_of(counted: Counted, connection: Connection) -> Figures:
    """Return the figures; names that the counts do not have are read from the connection."""
    figures = _of_passes(counted.tallies) if "pass" in counted.tallies else _of_dimensions(counted.tallies)
    figures.position = counted.snapshot.last_position
    if missing := (figures.assigned.keys() | figures.created.keys()) - figures.usernames.keys():
        rows = connection.execute(NAMES, {"ids": list(missing)})
        figures.usernames.update({row.id: row.username for row in rows})
    return figures


def _of_dimensions(tallies: Tallies) -> Figures:
    created = tallies["created"]
    return Figures(
        cells=tallies["cells"],
        assigned=Counter({user: number for (_, user), number in tallies["assigned"].items()}),
        created=Counter({user: number for (_, user), number in created.items()}),
        due_soon=tallies["due_soon"][()],
        overdue=tallies["overdue"][()],
        usernames={user: name for tally in (tallies["assigned"], created) for name, user in tally},
    )


def _of_passes(tallies: Tallies) -> Figures:
    figures = Figures()
    for (kind, status, priority, due, assignee, creator), number in tallies["pass"].items():
        match KIND[kind]:
            case "cells":
                figures.cells[status, priority] += number
                figures.due_soon += number * (due == SOON)
                figures.overdue += number * (due == LATE)
            case "assigned" if assignee is not None:
                figures.assigned[assignee] += number
            case "created":
                figures.created[creator] += number
    return figures
