"""The process `tms webhooks`: leases webhooks, and runs a worker for each."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import uvloop
from sqlalchemy.exc import SQLAlchemyError

from tms_core.backoff import Backoff
from tms_core.runtime import Runtime
from tms_webhooks.hints import Hint, listen
from tms_webhooks.sender import leases
from tms_webhooks.sender.client import DeliveryClient
from tms_webhooks.sender.clock import SenderClock
from tms_webhooks.sender.endpoint_worker import EndpointWorker, SenderContext
from tms_webhooks.sender.recorder import Recorder
from tms_webhooks.sender.retry_policy import RetryPolicy
from tms_webhooks.services.removal import remove_deleted, remove_old
from tms_webhooks.settings import WebhookSettings

# Seconds between two acquisitions of webhooks, however many messages come.
MIN_INTERVAL = 0.1
CLEAN_INTERVAL = 600.0
CLEAN_STEP = 1_000
# Seconds for recording the last results at the end of the process.
EXTRA_SECONDS = 5.0
BACKOFF = Backoff(0.5, 5.0)
log = logging.getLogger(__name__)


class Sender:
    """Sends deliveries until `stop()`, which may be called from any thread."""

    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self._settings = runtime.settings(WebhookSettings)
        self._id = uuid4()
        self._workers: dict[int, tuple[EndpointWorker, asyncio.Task[None]]] = {}
        # Webhooks without a worker whose leases are still to be released.
        self._ended: set[int] = set()
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_stopped = False
        self._clock = SenderClock()

    def stop(self) -> None:
        self._is_stopped = True
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    def run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self.main())

    async def main(self) -> None:
        self._loop = asyncio.get_running_loop()
        # For the database, with as many connections.
        self._loop.set_default_executor(ThreadPoolExecutor(self._runtime.core.database_pool_size, "database"))
        log.info("sending deliveries; at most %d at once to a webhook", self._settings.concurrency)
        recorder = Recorder(self._runtime)
        async with DeliveryClient(self._settings) as client:
            policy = RetryPolicy.of(self._settings)
            context = SenderContext(self._runtime, self._settings, policy, self._id, client, recorder, self._clock)
            helpers = [
                asyncio.create_task(coroutine)
                for coroutine in (recorder.run(), listen(self._runtime, self._on_hint), self._clean())
            ]
            for task in helpers:
                # Only an unforeseen error ends one. Without the recorder, for example, each worker would wait for ever.
                task.add_done_callback(lambda _: self.stop())
            try:
                await self._lead(context)
            finally:
                await self._end_workers()
                for task in helpers:
                    task.cancel()
                ends = await asyncio.gather(*helpers, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    def _on_hint(self, hint: Hint) -> None:
        is_new = not hint.webhook_ids
        for webhook_id in hint.webhook_ids:
            if found := self._workers.get(webhook_id):
                worker, _ = found
                if hint.is_change:
                    worker.reload()
                else:
                    worker.wake()
            else:
                is_new = True
        if is_new:
            self._wake.set()

    async def _lead(self, context: SenderContext) -> None:
        failures = 0
        while not self._is_stopped:
            try:
                await self._renew(context)
                failures = 0
            except SQLAlchemyError as error:
                failures += 1
                log.warning("webhooks cannot be leased, next attempt soon: %s", error)
                await asyncio.sleep(BACKOFF.pause(failures))
                continue
            await self._pause()

    async def _pause(self) -> None:
        await asyncio.sleep(MIN_INTERVAL)
        try:
            wait = min(self._settings.poll_interval, leases.RENEW_INTERVAL)
            await asyncio.wait_for(self._wake.wait(), wait)
        except TimeoutError:
            pass
        self._wake.clear()

    async def _renew(self, context: SenderContext) -> None:
        began = time.monotonic()
        held, ended = set(self._workers), set(self._ended)
        found = await asyncio.to_thread(leases.renew, self._runtime, self._id, held, ended)
        self._ended -= ended
        self._clock.renew(found.at, leased_until=began + leases.LEASE)
        for webhook_id in held - found.held:
            self._stop_worker(webhook_id)
        for webhook_id in sorted(found.held - held):
            self._start_worker(context, webhook_id)
        for webhook_id in sorted(held & found.held)[: found.surplus]:
            self._stop_worker(webhook_id)

    def _start_worker(self, context: SenderContext, webhook_id: int) -> None:
        worker = EndpointWorker(context, webhook_id)
        self._workers[webhook_id] = worker, asyncio.create_task(self._run_worker(worker, webhook_id))

    async def _run_worker(self, worker: EndpointWorker, webhook_id: int) -> None:
        try:
            await worker.run()
        except Exception:
            log.exception("the worker of webhook %d failed", webhook_id)
            # Does not try again at once.
            await asyncio.sleep(BACKOFF.first)
        del self._workers[webhook_id]
        self._ended.add(webhook_id)
        # Deliveries may have become due meanwhile.
        self._wake.set()

    def _stop_worker(self, webhook_id: int) -> None:
        if found := self._workers.get(webhook_id):
            found[0].stop()

    async def _end_workers(self) -> None:
        """Wait for the deliveries under way and their results, with the leases renewed meanwhile."""
        tasks = {task for _, task in self._workers.values()}
        for worker, _ in self._workers.values():
            worker.stop()
        deadline = time.monotonic() + self._settings.timeout + EXTRA_SECONDS
        try:
            while tasks and time.monotonic() < deadline:
                _, tasks = await asyncio.wait(tasks, timeout=leases.RENEW_INTERVAL)
                await asyncio.to_thread(leases.keep, self._runtime, self._id, list(self._workers))
            await asyncio.to_thread(leases.leave, self._runtime, self._id, self._ended)
        except SQLAlchemyError as error:
            log.warning("this process cannot sign off: %s", error)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _clean(self) -> None:
        """Remove old deliveries and deleted webhooks, some rows at a time."""
        while True:
            try:
                while await asyncio.to_thread(self._remove_some):
                    await asyncio.sleep(MIN_INTERVAL)
            except SQLAlchemyError as error:
                log.warning("old deliveries cannot be removed: %s", error)
            await asyncio.sleep(CLEAN_INTERVAL)

    def _remove_some(self) -> int:
        """Return the number of removed rows, 0 if there are none left."""
        with self._runtime.transaction() as session:
            old = remove_old(session, keep_days=self._settings.keep_days, limit=CLEAN_STEP)
            return old or remove_deleted(session, limit=CLEAN_STEP)
