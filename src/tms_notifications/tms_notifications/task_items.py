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


def task_list(tasks: Sequence[Any], *, in_total: int) -> list[dict[str, Any]]:
    """Return the JSON of rows as by `task_item`. The last one has the number of tasks that follow it as `more`."""
    items = [task_item(task) for task in tasks]
    if len(items) < in_total:
        items[-1]["more"] = in_total - len(items)
    return items


def task_count(items: Sequence[Mapping[str, Any]]) -> int:
    """Return the number of tasks of a `task_list`, including those that are only counted."""
    more: int = items[-1].get("more", 0) if items else 0
    return len(items) + more
