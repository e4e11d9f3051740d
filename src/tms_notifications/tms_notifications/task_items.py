"""Tasks as they are listed in mails about due dates."""

from collections.abc import Mapping, Sequence
from typing import Any

from tms_core.models import Task

# Further tasks are only counted.
MAX_LISTED = 50
TASK_COLUMNS = (Task.id, Task.title, Task.due_date, Task.priority, Task.status, Task.assigned_to)


def task_item(task: Any) -> dict[str, Any]:
    """Return the JSON of a row with `TASK_COLUMNS`, whose due date is not null."""
    return {
        "id": task.id,
        "title": task.title,
        "due_date": task.due_date.isoformat(),
        "priority": task.priority.value,
        "status": task.status.value,
    }


def task_list(tasks: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the JSON of the first rows, as by `task_item`. Each has the number of rows that are not listed as `more`,
    since any of them may be left out of the mail when it is sent."""
    more = max(0, len(tasks) - MAX_LISTED)
    return [task_item(task) | {"more": more} for task in tasks[:MAX_LISTED]]


def task_count(items: Sequence[Mapping[str, Any]]) -> int:
    """Return the number of tasks of a `task_list`, including those that are not listed."""
    more: int = items[0].get("more", 0) if items else 0
    return len(items) + more
