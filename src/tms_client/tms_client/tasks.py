"""Tasks, as plain dicts."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from tms_client.authenticated import AuthenticatedClient
from tms_client.errors import NotFoundError, PreconditionFailedError
from tms_client.pages import each_linked, each_result
from tms_client.query_params import query_params

Task = dict[str, Any]
MAX_PAGE_SIZE = 200


def new_key() -> str:
    """An Idempotency-Key: a request that is sent again under the same one is done once."""
    return str(uuid.uuid4())


class Tasks:
    """`filters` are the words of the task list: `status`, `priority`, `assigned_to`, `created_by`, `due_date`,
    `due_date_gte` and so on, `q`, `ordering`. A list means any of its values, None as if the word were not there.

    `version` is that of the task one saw. Where the task has changed since, `PreconditionFailedError` tells how, and
    nothing is done; without it, the last one wins.
    """

    def __init__(self, client: AuthenticatedClient):
        self._client = client

    def list(self, *, page_size: int = MAX_PAGE_SIZE, **filters: Any) -> Iterator[Task]:
        """Every task that passes, however many: pages are asked for as one goes on, and what others write meanwhile
        neither hides a task nor shows it twice."""
        return each_result(self._client, "/api/task", query_params({**filters, "cursor": "", "page_size": page_size}))

    def page(self, page: int = 1, *, page_size: int = 50, **filters: Any) -> dict[str, Any]:
        """One page by its number: `{"count", "next", "previous", "results"}`."""
        query = query_params({**filters, "page": page, "page_size": page_size})
        found: dict[str, Any] = self._client.call("GET", "/api/task", query=query)
        return found

    def get(self, task_id: int) -> Task:
        task: Task = self._client.call("GET", _path(task_id))
        return task

    def create(self, *, idempotency_key: str | None = None, **fields: Any) -> Task:
        """A new task, and only one, even where the first answer gets lost. With a key of one's own that holds for
        24 hours and across programs."""
        key = idempotency_key or new_key()
        task: Task = self._client.call("POST", "/api/task", body=fields, key=key)
        return task

    def update(self, task_id: int, version: int | None = None, **fields: Any) -> Task:
        """Change these fields. A version that is behind is fine where nobody has touched them since."""
        task: Task = self._client.call("PATCH", _path(task_id), body=fields, version=version)
        return task

    def replace(self, task_id: int, version: int | None = None, **fields: Any) -> Task:
        """Set all fields: those that are not given get their defaults."""
        try:
            task: Task = self._client.call("PUT", _path(task_id), body=fields, version=version)
        except PreconditionFailedError as error:
            # Our own try, whose answer was lost, may be what has changed the task.
            is_ours = error.current.get("version") == (version or 0) + 1 and fields.items() <= error.current.items()
            if error.is_after_lost_answer and is_ours:
                return error.current
            raise
        return task

    def delete(self, task_id: int, version: int | None = None) -> None:
        try:
            self._client.call("DELETE", _path(task_id), version=version)
        except NotFoundError as error:
            # It is gone, and by our own try, whose answer was lost.
            if not error.is_after_lost_answer:
                raise

    def bulk(
        self, operations: Sequence[dict[str, Any]], *, idempotency_key: str | None = None
    ) -> Sequence[dict[str, Any]]:
        """Up to 500 operations, `{"op": "create" | "update" | "delete", "id", "version", "task"}`, all or none; a
        result for each. The error's `document["index"]` names the one that failed."""
        key = idempotency_key or new_key()
        answer = self._client.call("POST", "/api/task/bulk", body={"operations": list(operations)}, key=key)
        results: Sequence[dict[str, Any]] = answer["results"]
        return results

    def history(self, task_id: int) -> Iterator[dict[str, Any]]:
        """What happened to a task, newest first: `{"event_id", "event", "actor", "at", "changes"}`."""
        return each_linked(self._client, f"{_path(task_id)}/history", None)

    def undo(self, task_id: int, event_id: int) -> Task | None:
        """Take back what one event of its history did: the task as it is then, None where it was its creation."""
        body = {"event_id": event_id}
        task: Task = self._client.call("POST", f"{_path(task_id)}/undo", body=body, key=new_key())
        return task or None


def _path(task_id: int) -> str:
    return f"/api/task/{int(task_id)}"
