"""Tasks as they are listed in mails about due dates."""

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
