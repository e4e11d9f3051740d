"""Sends the deliveries of one webhook: several at a time, those of one task in order."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from tms_core.runtime import Runtime
from tms_webhooks.models import DeliveryStatus
from tms_webhooks.sender.client import Answer, DeliveryClient
from tms_webhooks.sender.clock import SenderClock
from tms_webhooks.sender.message_queue import MessageQueue
from tms_webhooks.sender.receiver_state import ReceiverState
from tms_webhooks.sender.recorder import Recorder, Result
from tms_webhooks.sender.retry_policy import MAX_FAILURES, RetryPolicy
from tms_webhooks.sender.work import BATCH, EndpointState, Message, Work, read_work
from tms_webhooks.settings import WebhookSettings
from tms_webhooks.signatures import sign

# Seconds for which a webhook without deliveries stays leased.
IDLE_SECONDS = 5.0
# Until the first success: more requests would not tell more of the receiver, and cost as much if it is dead.
FIRST_REQUESTS = MAX_FAILURES
FIRST_MESSAGES = 2 * FIRST_REQUESTS
# Seconds after which messages that wait in memory are read again: the webhook, or what its owner may see, can change.
MAX_AGE = 5.0
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
    clock: SenderClock


class EndpointWorker:
    """`run` ends when the webhook has been idle, is off or paused, or after `stop`."""

    def __init__(self, context: SenderContext, webhook_id: int):
        self._context = context
        self._webhook_id = webhook_id
        self._endpoint: EndpointState
        self._receiver = ReceiverState(context.policy, webhook_id)
        self._queue = MessageQueue()
        # When the oldest messages in memory were read.
        self._read_at = 0.0
        self._sending = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._is_due = True
        self._is_changed = False
        self._is_stopped = False

    def wake(self) -> None:
        """Signal that deliveries may be due."""
        self._is_due = True
        self._changed.set()

    def reload(self) -> None:
        """Signal that the webhook was changed: nothing more is sent as it was before."""
        self._is_changed = True
        self.wake()

    def stop(self) -> None:
        """Begin no further delivery."""
        self._is_stopped = True
        self._changed.set()

    async def run(self) -> None:
        idle_since = time.monotonic()
        try:
            while not self._is_stopped:
                self._changed.clear()
                if self._is_outdated:
                    self._forget()
                if self._needs_messages and not await self._read():
                    break
                self._send_ready()
                if self._queue or self._is_due:
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
    def _is_outdated(self) -> bool:
        return self._is_changed or (self._queue.has_ready and time.monotonic() - self._read_at > MAX_AGE)

    def _forget(self) -> None:
        self._queue.forget_waiting()
        self._is_changed, self._is_due = False, True

    @property
    def _needs_messages(self) -> bool:
        return self._is_due and len(self._queue) <= self._max_messages // 2

    @property
    def _max_messages(self) -> int:
        """The number of deliveries in memory; for a receiver that is down, one at a time is attempted."""
        if self._receiver.is_down:
            return 1
        return BATCH if self._receiver.has_succeeded else FIRST_MESSAGES

    @property
    def _max_requests(self) -> int:
        most = self._context.settings.concurrency
        if self._receiver.is_down:
            return 1
        return most if self._receiver.has_succeeded else min(most, FIRST_REQUESTS - self._receiver.failures)

    async def _read(self) -> bool:
        """Read due deliveries; returns False if there is nothing to do for this worker any more."""
        self._is_due = False
        limit, known, began = self._max_messages, self._queue.begin_read(), time.monotonic()
        try:
            work = await asyncio.to_thread(self._read_work, limit, known)
        except SQLAlchemyError as error:
            log.warning("the deliveries of webhook %d cannot be read: %s", self._webhook_id, error)
            return True
        if work is None:
            return False
        self._use(work.endpoint)
        if not self._queue.waiting:
            self._read_at = began
        self._queue.add(work.messages)
        if len(work.messages) >= (1 if work.endpoint.is_down else limit):
            # A full batch: more are due. Otherwise more may be due nevertheless, if `wake` was called meanwhile.
            self._is_due = True
        return True

    def _use(self, endpoint: EndpointState) -> None:
        self._endpoint = endpoint
        if endpoint.url != self._receiver.url:
            # Requests under way to the previous URL tell nothing of this one.
            self._receiver = ReceiverState(self._context.policy, self._webhook_id, endpoint.url)
            self._receiver.restore(endpoint)
        elif not self._queue:
            self._receiver.restore(endpoint)

    def _read_work(self, limit: int, known: Sequence[int]) -> Work | None:
        return read_work(
            self._context.runtime,
            sender=self._context.sender,
            webhook_id=self._webhook_id,
            known=known,
            limit=limit,
        )

    def _send_ready(self) -> None:
        while self._queue.has_ready and self._sending < self._max_requests and not self._is_stopped:
            if not self._context.clock.is_leased:
                # Another process may send in place of this one.
                self.stop()
                return
            self._sending += 1
            task = asyncio.create_task(self._deliver(self._queue.take()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(self, message: Message) -> None:
        try:
            result = await self._attempt(message)
        finally:
            self._sending -= 1
            self._changed.set()
        await self._context.recorder.record(result)
        self._queue.finish(message, is_over=result.status is not DeliveryStatus.WAITING)
        self._changed.set()

    async def _attempt(self, message: Message) -> Result:
        if message.body is None:
            return Result(
                message.delivery_id, DeliveryStatus.DROPPED, message.attempts, None, None, error=message.dropped
            )
        receiver, now = self._receiver, self._context.clock.now()
        timestamp = int(now.timestamp())
        headers = {
            "webhook-id": message.message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._endpoint.keys, message.message_id, timestamp, message.body),
        }
        answer = await self._context.client.post(receiver.url, headers, message.body)
        return self._judge(message, answer, receiver, began_at=now)

    def _judge(self, message: Message, answer: Answer, receiver: ReceiverState, *, began_at: datetime) -> Result:
        now = self._context.clock.now()
        attempts = message.attempts + 1
        if answer.is_success:
            change, status, next_attempt = receiver.succeeded(), DeliveryStatus.DELIVERED, None
        else:
            change = receiver.failed(answer, now)
            if receiver is self._receiver and (change.paused_until or change.disabled):
                self._is_stopped = True
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

    async def _finish(self) -> None:
        """Wait for the deliveries under way; their time is bounded."""
        if self._tasks:
            await asyncio.gather(*self._tasks)
