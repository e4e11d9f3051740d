"""Records the results of attempts: all that wait in one transaction, while the next ones are gathered."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tms_core.backoff import Backoff
from tms_core.runtime import Runtime
from tms_webhooks.models import DeliveryStatus
from tms_webhooks.sender.receiver_state import EndpointChange

BATCH = 500
BACKOFF = Backoff(0.25, 5.0)
UPDATE = text("""
    UPDATE webhook_delivery d SET
        status = r.status::webhook_delivery_status, attempts = r.attempts,
        next_attempt_at = coalesce(r.next_attempt_at, d.next_attempt_at), attempted_at = r.attempted_at,
        duration_ms = r.duration_ms, response_status = r.response_status, response_excerpt = r.excerpt, error = r.error
    FROM unnest(
        CAST(:ids AS bigint[]), CAST(:statuses AS text[]), CAST(:attempts AS bigint[]),
        CAST(:next AS timestamptz[]), CAST(:attempted AS timestamptz[]), CAST(:durations AS bigint[]),
        CAST(:answers AS bigint[]), CAST(:excerpts AS text[]), CAST(:errors AS text[])
    ) AS r (id, status, attempts, next_attempt_at, attempted_at, duration_ms, response_status, excerpt, error)
    WHERE d.id = r.id AND d.status = 'waiting'
""")
ENDPOINTS = text("""
    UPDATE webhook_endpoint w SET
        failures = c.failures, failing_since = c.failing_since, last_error = c.error, paused_until = c.paused_until,
        is_active = w.is_active AND c.disabled IS NULL,
        disabled_reason = coalesce(CAST(c.disabled AS webhook_disabled_reason), w.disabled_reason)
    FROM unnest(
        CAST(:ids AS bigint[]), CAST(:urls AS text[]), CAST(:failures AS bigint[]), CAST(:since AS timestamptz[]),
        CAST(:errors AS text[]), CAST(:pauses AS timestamptz[]), CAST(:disabled AS text[])
    ) AS c (id, url, failures, failing_since, error, paused_until, disabled)
    WHERE w.id = c.id AND w.url = c.url
""")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """The result of an attempt. `next_attempt_at` is None unless it waits for another."""

    delivery_id: int
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    attempted_at: datetime | None
    duration_ms: int | None = None
    response_status: int | None = None
    excerpt: str | None = None
    error: str | None = None
    endpoint: EndpointChange | None = None


@dataclass
class Recorder:
    """Call `run` in a task; `record` returns once the result is committed."""

    runtime: Runtime
    _waiting: asyncio.Queue[tuple[Result, asyncio.Future[None]]] = field(default_factory=asyncio.Queue)

    async def record(self, result: Result) -> None:
        done = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((result, done))
        await done

    async def run(self) -> None:
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < BATCH and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            await self._write([result for result, _ in batch])
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    async def _write(self, results: Sequence[Result]) -> None:
        """Write until the database accepts it. If the process ends before, the deliveries are sent again."""
        failures = 0
        while True:
            try:
                await asyncio.to_thread(write_results, self.runtime, results)
                return
            except SQLAlchemyError as error:
                failures += 1
                log.warning("the results of %d deliveries cannot be recorded yet: %s", len(results), error)
                await asyncio.sleep(BACKOFF.pause(failures))


def write_results(runtime: Runtime, results: Sequence[Result]) -> None:
    with runtime.transaction() as session:
        session.execute(UPDATE, _columns(results))
        last: dict[int, EndpointChange] = {}
        for change in (result.endpoint for result in results if result.endpoint):
            # The last state counts, except that one turned off stays off.
            if (before := last.get(change.webhook_id)) is None or before.disabled is None:
                last[change.webhook_id] = change
        if last:
            session.execute(ENDPOINTS, _endpoint_columns([change for _, change in sorted(last.items())]))


def _endpoint_columns(changes: Sequence[EndpointChange]) -> dict[str, list[Any]]:
    return {
        "ids": [one.webhook_id for one in changes],
        "urls": [one.url for one in changes],
        "failures": [one.failures for one in changes],
        "since": [one.failing_since for one in changes],
        "errors": [one.error for one in changes],
        "pauses": [one.paused_until for one in changes],
        "disabled": [one.disabled and one.disabled.value for one in changes],
    }


def _columns(results: Sequence[Result]) -> dict[str, list[Any]]:
    return {
        "ids": [one.delivery_id for one in results],
        "statuses": [one.status.value for one in results],
        "attempts": [one.attempts for one in results],
        "next": [one.next_attempt_at for one in results],
        "attempted": [one.attempted_at for one in results],
        "durations": [one.duration_ms for one in results],
        "answers": [one.response_status for one in results],
        "excerpts": [one.excerpt for one in results],
        "errors": [one.error for one in results],
    }
