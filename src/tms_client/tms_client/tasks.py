"""Tasks, as plain dicts."""

from collections.abc import Iterator, Sequence
from typing import Any

from tms_client.api import MAX_PAGE_SIZE, AuthenticatedClient, each_linked, each_result, new_key
from tms_client.errors import NotFoundError, PreconditionFailedError
from tms_client.transport import query_params

Task = dict[str, Any]


class Tasks:
    """The task endpoints.

    `filters` are those of the task list: `status`, `priority`, `assigned_to`, `created_by`, `due_date`, `due_date_gte`
    and so on, `q`, `ordering`. A list matches any of its values; None is the same as leaving the filter out.

    `version` is the version of the task that the caller has read. If the task has changed since, nothing is written and
    `PreconditionFailedError` has the conflicts; without `version` the last write wins.
    """

    def __init__(self, client: AuthenticatedClient):
        self._client = client

    def list(self, *, page_size: int = MAX_PAGE_SIZE, **filters: Any) -> Iterator[Task]:
        """Yield every matching task, by cursor pagination: concurrent writes neither hide a task nor repeat it."""
        return each_result(self._client, "/api/task", query_params({**filters, "cursor": "", "page_size": page_size}))

    def page(self, page: int = 1, *, page_size: int = 50, **filters: Any) -> dict[str, Any]:
        """Return one page by its number: `{"count", "next", "previous", "results"}`."""
        query = query_params({**filters, "page": page, "page_size": page_size})
        found: dict[str, Any] = self._client.call("GET", "/api/task", query=query)
        return found

    def get(self, task_id: int) -> Task:
        task: Task = self._client.call("GET", _path(task_id))
        return task

    def create(self, *, idempotency_key: str | None = None, **fields: Any) -> Task:
        """Create a task, exactly once even if the first response is lost. An `idempotency_key` of the caller's own
        extends that to 24 hours and several processes."""
        key = idempotency_key or new_key()
        task: Task = self._client.call("POST", "/api/task", body=fields, key=key)
        return task

    def update(self, task_id: int, version: int | None = None, **fields: Any) -> Task:
        """Change the given fields. An older `version` is accepted if these fields have not changed since."""
        task: Task = self._client.call("PATCH", _path(task_id), body=fields, version=version)
        return task

    def replace(self, task_id: int, version: int | None = None, **fields: Any) -> Task:
        """Replace the task: fields that are not given get their defaults."""
        try:
            task: Task = self._client.call("PUT", _path(task_id), body=fields, version=version)
        except PreconditionFailedError as error:
            # The change may be our own earlier attempt, whose response was lost.
            is_ours = error.current.get("version") == (version or 0) + 1 and fields.items() <= error.current.items()
            if error.is_after_lost_answer and is_ours:
                return error.current
            raise
        return task

    def delete(self, task_id: int, version: int | None = None) -> None:
        try:
            self._client.call("DELETE", _path(task_id), version=version)
        except NotFoundError as error:
            # Deleted by our own earlier attempt, whose response was lost.
            if not error.is_after_lost_answer:
                raise

    def bulk(
        self, operations: Sequence[dict[str, Any]], *, idempotency_key: str | None = None
    ) -> Sequence[dict[str, Any]]:
        """Execute up to 500 operations, `{"op": "create" | "update" | "delete", "id", "version", "task"}`, all or none,
        and return a result for each. On an error, `document["index"]` is the operation that failed."""
        key = idempotency_key or new_key()
        answer = self._client.call("POST", "/api/task/bulk", body={"operations": list(operations)}, key=key)
        results: Sequence[dict[str, Any]] = answer["results"]
        return results

    def history(self, task_id: int) -> Iterator[dict[str, Any]]:
        """Yield the events of a task, newest first: `{"event_id", "event", "actor", "at", "changes"}`.

        `event_id` is None while the server's relay has not numbered the event."""
        return each_linked(self._client, f"{_path(task_id)}/history", None)

    def undo(self, task_id: int, event_id: int) -> Task | None:
        """Undo one event of the task's history and return the task, or None if the event was its creation."""
        body = {"event_id": event_id}
        task: Task = self._client.call("POST", f"{_path(task_id)}/undo", body=body, key=new_key())
        return task or None


def _path(task_id: int) -> str:
    return f"/api/task/{int(task_id)}"
