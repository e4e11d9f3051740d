"""Sends the deliveries of one webhook: several at a time, those of one task in order."""

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from tms_core.runtime import Runtime
from tms_webhooks.models import DeliveryStatus
from tms_webhooks.sender.client import Answer, DeliveryClient
from tms_webhooks.sender.recorder import EndpointChange, Recorder, Result
from tms_webhooks.sender.retry_policy import MAX_FAILURES, RetryPolicy
from tms_webhooks.sender.work import BATCH, EndpointState, Message, Work, read_work
from tms_webhooks.settings import WebhookSettings
from tms_webhooks.signatures import sign

# Seconds for which a webhook without deliveries stays leased.
IDLE_SECONDS = 5.0
# Until the first success: more requests would not tell more of the receiver, and cost as much if it is dead.
FIRST_REQUESTS = MAX_FAILURES
FIRST_MESSAGES = 2 * FIRST_REQUESTS
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SenderContext:
    """What the workers of a process share."""

    runtime: Runtime
    settings: WebhookSettings
    policy: RetryPolicy
    sender: UUID
    client: DeliveryClient
    recorder: Recorder


class EndpointWorker:
    """`run` ends when the webhook has been idle, is off or paused, or after `stop`."""

    def __init__(self, context: SenderContext, webhook_id: int):
        self._context = context
        self._webhook_id = webhook_id
        self._endpoint: EndpointState
        self._failures = 0
        self._failing_since: datetime | None = None
        self._has_succeeded = False
        # Set by the failure that ends this worker; those that were under way with it count as the same one.
        self._paused_until: datetime | None = None
        # What the receiver has asked for, which the success of another request does not end.
        self._asked_until: datetime | None = None
        # Messages in memory by id, until their result is recorded; by order key, the first of each is sent.
        self._known: dict[int, Message] = {}
        self._chains: dict[tuple[str, int], deque[Message]] = {}
        self._ready: deque[tuple[str, int]] = deque()
        self._sending = 0
        self._tasks: set[asyncio.Task[None]] = set()
        # Order keys that have failed while deliveries were being read.
        self._failed: set[tuple[str, int]] = set()
        self._changed = asyncio.Event()
        self._is_due = True
        self._is_stopped = False

    def wake(self) -> None:
        """Signal that deliveries may be due."""
        self._is_due = True
        self._changed.set()

    def stop(self) -> None:
        """Begin no further delivery."""
        self._is_stopped = True
        self._changed.set()

    async def run(self) -> None:
        idle_since = time.monotonic()
        try:
            while not self._is_stopped:
                self._changed.clear()
                if self._needs_messages and not await self._read():
                    break
                self._send_ready()
                if self._known or self._is_due:
                    idle_since = time.monotonic()
                elif time.monotonic() - idle_since > IDLE_SECONDS:
                    break
                await self._wait()
        finally:
            self._is_stopped = True
            await self._finish()

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), self._context.settings.poll_interval)
        except TimeoutError:
            self._is_due = True

    @property
    def _needs_messages(self) -> bool:
        return self._is_due and len(self._known) <= self._max_messages // 2

    @property
    def _is_down(self) -> bool:
        return self._failures >= MAX_FAILURES

    @property
    def _max_messages(self) -> int:
        """The number of deliveries in memory; for a receiver that is down, one at a time is attempted."""
        if self._is_down:
            return 1
        return BATCH if self._has_succeeded else FIRST_MESSAGES

    @property
    def _max_requests(self) -> int:
        most = self._context.settings.concurrency
        if self._is_down:
            return 1
        return most if self._has_succeeded else min(most, FIRST_REQUESTS - self._failures)

    async def _read(self) -> bool:
        """Read due deliveries; returns False if there is nothing to do for this worker any more."""
        self._is_due = False
        self._failed.clear()
        limit = self._max_messages
        try:
            work = await asyncio.to_thread(self._read_work, limit)
        except SQLAlchemyError as error:
            log.warning("the deliveries of webhook %d cannot be read: %s", self._webhook_id, error)
            return True
        if work is None:
            return False
        self._endpoint = work.endpoint
        if not self._known:
            self._failures, self._failing_since = work.endpoint.failures, work.endpoint.failing_since
        self._add([one for one in work.messages if one.order_key not in self._failed])
        # A full batch: more are due.
        self._is_due = len(work.messages) >= (1 if work.endpoint.is_down else limit)
        return True

    def _read_work(self, limit: int) -> Work | None:
        return read_work(
            self._context.runtime,
            sender=self._context.sender,
            webhook_id=self._webhook_id,
            known=list(self._known),
            limit=limit,
        )

    def _add(self, messages: list[Message]) -> None:
        for message in messages:
            self._known[message.delivery_id] = message
            if (chain := self._chains.get(message.order_key)) is None:
                self._chains[message.order_key] = deque([message])
                self._ready.append(message.order_key)
            else:
                chain.append(message)

    def _send_ready(self) -> None:
        while self._ready and self._sending < self._max_requests and not self._is_stopped:
            message = self._chains[self._ready.popleft()][0]
            self._sending += 1
            task = asyncio.create_task(self._deliver(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(self, message: Message) -> None:
        try:
            result = await self._attempt(message)
        finally:
            self._sending -= 1
            self._changed.set()
        await self._context.recorder.record(result)
        self._advance(message, is_over=result.status is not DeliveryStatus.WAITING)
        self._changed.set()

    def _advance(self, message: Message, *, is_over: bool) -> None:
        """Go on with the next message of a task; if this one has to wait, the others have to as well."""
        chain = self._chains[message.order_key]
        if is_over:
            del self._known[chain.popleft().delivery_id]
        else:
            self._failed.add(message.order_key)
            while chain:
                del self._known[chain.popleft().delivery_id]
        if chain:
            self._ready.append(message.order_key)
        else:
            del self._chains[message.order_key]

    async def _attempt(self, message: Message) -> Result:
        if message.body is None:
            return Result(
                message.delivery_id, DeliveryStatus.DROPPED, message.attempts, None, None, error=message.dropped
            )
        endpoint = self._endpoint
        now = datetime.now(UTC)
        timestamp = int(now.timestamp())
        headers = {
            "webhook-id": message.message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(endpoint.keys, message.message_id, timestamp, message.body),
        }
        answer = await self._context.client.post(endpoint.url, headers, message.body)
        return self._judge(message, answer, endpoint.url, began_at=now)

    def _judge(self, message: Message, answer: Answer, url: str, *, began_at: datetime) -> Result:
        now = datetime.now(UTC)
        attempts = message.attempts + 1
        if answer.is_success:
            change, status, next_attempt = self._succeeded(url), DeliveryStatus.DELIVERED, None
        else:
            change = self._failed_once(answer, url, now)
            next_attempt = self._context.policy.next_attempt(answer, attempts=attempts, due_at=message.due_at, now=now)
            status = DeliveryStatus.WAITING if next_attempt else DeliveryStatus.DEAD
        return Result(
            message.delivery_id,
            status,
            attempts,
            next_attempt,
            began_at,
            answer.duration_ms,
            answer.status,
            answer.excerpt,
            answer.error,
            change,
        )

    def _succeeded(self, url: str) -> EndpointChange | None:
        had_failed = self._failures > 0
        self._failures, self._failing_since, self._paused_until = 0, None, self._asked_until
        self._has_succeeded = True
        return EndpointChange(self._webhook_id, url, 0, paused_until=self._asked_until) if had_failed else None

    def _failed_once(self, answer: Answer, url: str, now: datetime) -> EndpointChange:
        self._failing_since = self._failing_since or now
        policy = self._context.policy
        asked, down = policy.asked_pause(answer, now=now), None
        if self._paused_until is None:
            self._failures += 1
            down = policy.down_pause(failures=self._failures, now=now)
        self._asked_until = _latest(self._asked_until, asked)
        self._paused_until = pause = _latest(self._paused_until, asked, down)
        disabled = policy.disabled(answer, failing_since=self._failing_since, now=now)
        if pause or disabled:
            self._is_stopped = True
        error = answer.error or f"answered {answer.status}"
        return EndpointChange(self._webhook_id, url, self._failures, self._failing_since, error, pause, disabled)

    async def _finish(self) -> None:
        """Wait for the deliveries under way; their time is bounded."""
        if self._tasks:
            await asyncio.gather(*self._tasks)


def _latest(*moments: datetime | None) -> datetime | None:
    return max((one for one in moments if one), default=None)
