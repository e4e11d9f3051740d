"""A test oracle: computes from the rows of the database what each client should have received.

It shares no code with the server.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from operator import ge, gt, le, lt
from typing import Any

import orjson
import psycopg2

Task = dict[str, Any]
# Values by query parameter of the filter.
Params = Mapping[str, Sequence[str]]
ROWS = """
    SELECT position, task_id, kind::text, actor_id, changes, snapshot FROM task_event
    WHERE position > %s ORDER BY position
"""
COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "due_date_gte": ge,
    "due_date_gt": gt,
    "due_date_lte": le,
    "due_date_lt": lt,
}
TRANSITIONS = {(False, True): "enter", (True, True): "stay", (True, False): "leave"}


@dataclass(frozen=True)
class Event:
    """A row of the event log."""

    position: int
    task_id: int
    kind: str
    actor_id: int | None
    changes: dict[str, list[Any]]
    snapshot: Task

    @property
    def version(self) -> int:
        version: int = self.snapshot["version"]
        return version

    @property
    def before(self) -> Task | None:
        return (
            None if self.kind == "created" else self.snapshot | {name: old for name, (old, _) in self.changes.items()}
        )

    @property
    def after(self) -> Task | None:
        return None if self.kind == "deleted" else self.snapshot


@contextmanager
def _rows(database_url: str, query: str, *values: object) -> Iterator[list[tuple[Any, ...]]]:
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query, values)
            yield cursor.fetchall()
    finally:
        connection.close()


def newest_position(database_url: str) -> int:
    """Return the position of the newest event, 0 if there is none."""
    with _rows(database_url, "SELECT coalesce(max(position), 0) FROM task_event") as rows:
        return int(rows[0][0])


def read_log(database_url: str, after: int = 0) -> list[Event]:
    """Return the events after a position, in order."""
    with _rows(database_url, ROWS, after) as rows:
        return [Event(*row) for row in rows]


def log_faults(events: Sequence[Event]) -> list[str]:
    """Return the faults of the log itself: gaps, and events of a task in another order than its versions."""
    found = [
        f"after event {earlier.position} comes {later.position}"
        for earlier, later in pairwise(events)
        if later.position != earlier.position + 1
    ]
    newest: dict[int, Event] = {}
    for event in events:
        earlier = newest.get(event.task_id)
        # A deletion has the version of the task before it.
        if earlier and event.version != earlier.version + (event.kind != "deleted"):
            found.append(f"event {event.position} has version {event.version} after {earlier.version}")
        newest[event.task_id] = event
    return found


def sinks_behind(database_url: str, position: int) -> list[str]:
    """Return the sinks that have not received all events up to a position."""
    with _rows(database_url, "SELECT sink FROM relay_cursor WHERE position < %s", position) as rows:
        return [sink for (sink,) in rows]


@dataclass(frozen=True)
class Viewer:
    """What a client may see. `user` sees only tasks it created or is assigned to, None all; `me` is the client's
    user."""

    user: int | None = None
    params: Params = field(default_factory=dict)
    me: int = 0

    def expected(self, events: Sequence[Event]) -> dict[int, dict[str, Any]]:
        """Return the messages for these events, by position, for a client that is never away."""
        messages = {event.position: self._message(event) for event in events}
        return {position: message for position, message in messages.items() if message is not None}

    def withheld(self, events: Sequence[Event]) -> set[int]:
        """Return the positions that a client does not get if it connects after these events.

        A replay omits tasks that the user may not see now, except for the events that hid them.
        """
        newest = {event.task_id: event.snapshot for event in events}
        hidden = {task_id for task_id, task in newest.items() if not self._sees(task)}
        return {event.position for event in events if event.task_id in hidden and not self._is_visibility_lost(event)}

    def may_lack(self, events: Sequence[Event]) -> set[int]:
        """Return the positions that a client may lack that was away at times: events of tasks that were hidden
        later."""
        last = {event.task_id: event.position for event in events if self._is_visibility_lost(event)}
        return {
            event.position
            for event in events
            if event.position < last.get(event.task_id, 0) and not self._is_visibility_lost(event)
        }

    def _message(self, event: Event) -> dict[str, Any] | None:
        before = event.before if self._sees(event.before) else None
        after = event.after if self._sees(event.after) else None
        if before is None and after is None:
            return None
        message = _visibility_lost(event) if self._is_visibility_lost(event) else _message(event)
        if not self.params:
            return message
        match = TRANSITIONS.get((self._wants(before), self._wants(after)))
        return message | {"match": match} if match else None

    def _sees(self, task: Task | None) -> bool:
        return task is not None and (self.user is None or self.user in (task["created_by"], task["assigned_to"]))

    def _is_visibility_lost(self, event: Event) -> bool:
        return event.kind == "updated" and self._sees(event.before) and not self._sees(event.after)

    def _wants(self, task: Task | None) -> bool:
        return task is not None and all(self._fits(task, name, values) for name, values in self.params.items())

    def _fits(self, task: Task, name: str, values: Sequence[str]) -> bool:
        if name in COMPARISONS:
            # ISO 8601 dates compare as text.
            return task["due_date"] is not None and COMPARISONS[name](task["due_date"], values[0])
        named = "none" if task[name] is None else str(task[name])
        return named in values or ("me" in values and task[name] == self.me)


def _message(event: Event) -> dict[str, Any]:
    return _payload(event, event.snapshot, event.kind, list(event.changes))


def _visibility_lost(event: Event) -> dict[str, Any]:
    assert event.before is not None
    return _payload(event, event.before, "deleted", [])


def _payload(event: Event, task: Task, kind: str, changes: list[str]) -> dict[str, Any]:
    fields = {name: value for name, value in task.items() if name != "id"}
    more = {"event": kind, "event_id": event.position, "actor": event.actor_id, "changes": changes}
    return {"task_id": event.task_id, **fields, **more}


@dataclass(frozen=True)
class Verdict:
    """The difference between what a client received and what it should have received."""

    client: str
    wanted: int
    received: int
    # Missing rightly: events of tasks that were hidden when the client reconnected.
    withheld: tuple[int, ...]
    lost: tuple[int, ...]
    repeated: tuple[int, ...]
    disordered: tuple[int, ...]
    strange: tuple[int, ...]
    different: tuple[int, ...]
    resets: int
    # Unexpected messages, and handshakes that ended unexpectedly.
    others: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        faults = (self.lost, self.repeated, self.disordered, self.strange, self.different, self.resets, self.others)
        return not any(faults)


def judge(
    client: str,
    got: Sequence[tuple[int, bytes]],
    wanted: Mapping[int, dict[str, Any]],
    *,
    may_lack: set[int] | frozenset[int] = frozenset(),
    resets: int = 0,
    others: Iterable[str] = (),
) -> Verdict:
    """Compare the messages received, in order and with their positions, to those wanted."""
    positions = [position for position, _ in got]
    times = Counter(positions)
    lacking = [position for position in wanted if not times[position]]
    return Verdict(
        client=client,
        wanted=len(wanted),
        received=len(got),
        withheld=tuple(position for position in lacking if position in may_lack),
        lost=tuple(position for position in lacking if position not in may_lack),
        repeated=tuple(position for position, number in times.items() if number > 1),
        disordered=tuple(b for a, b in pairwise(positions) if b < a),
        strange=tuple(position for position in times if position not in wanted),
        different=tuple(
            position for position, text in got if position in wanted and orjson.loads(text) != wanted[position]
        ),
        resets=resets,
        others=tuple(others),
    )
