"""The relay process: waits for leadership, then assigns positions and runs one delivery thread per sink."""

import logging
import math
import threading
import time

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tms_core.db import is_away
from tms_core.event_log.leadership import try_to_lead
from tms_core.event_log.positions import BATCH, PreparedAssignment
from tms_core.event_log.sinks import EventSink
from tms_core.registry import resolve
from tms_core.relay.cursor import ensure_cursor
from tms_core.relay.delivery import Delivery
from tms_core.relay.hints import Hints
from tms_core.relay.recent_events import RecentEvents
from tms_core.runtime import Runtime

STANDBY_INTERVAL = 1.0
RECONNECT_SECONDS = 1.0
# Seconds between two assignments of positions, at least. A change after a pause gets its position at once; many changes
# share one statement, one commit, and one wake-up of each sink.
SPACING = 0.005
# The same above this rate of events per second: there they wait longer for each other, since each would cost half as
# much again. The rate is that since the last assignment, so that the longer spacing does not keep itself up.
BUSY_RATE = 400
BUSY_SPACING = 0.04
log = logging.getLogger(__name__)


class Relay:
    """`run()` returns after `stop()`. Of several relays one leads, and the others stand by to take over."""

    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self._interval = runtime.core.relay_interval
        self._wake = threading.Event()
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()

    def run(self) -> None:
        hints = Hints(self._runtime, self._wake)
        hints.start()
        try:
            while not self._stopped.is_set():
                self._lead_while_connected()
        finally:
            hints.stop()

    def _lead_while_connected(self) -> None:
        try:
            with self._runtime.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                # Detached from the pool, since closing the connection releases the leader's lock.
                connection.detach()
                self._stand_by(connection)
                if not self._stopped.is_set():
                    self._lead(connection)
        except DBAPIError as error:
            if not is_away(error):
                raise
            log.warning("the database is unavailable: %s", str(error.orig).strip())
            self._stopped.wait(RECONNECT_SECONDS)

    def _stand_by(self, connection: Connection) -> None:
        if not try_to_lead(connection):
            log.info("another relay leads; standing by")
            while not self._stopped.wait(STANDBY_INTERVAL) and not try_to_lead(connection):
                pass

    def _lead(self, connection: Connection) -> None:
        recent = RecentEvents()
        deliveries = [Delivery(self._runtime, name, sink, recent) for name, sink in make_sinks(self._runtime).items()]
        log.info("leading; sinks: %s", ", ".join(self._runtime.registry.sinks))
        for delivery in deliveries:
            delivery.start()
        try:
            self._assign_until_stopped(connection, recent, deliveries)
        finally:
            for delivery in deliveries:
                delivery.stop()
            for delivery in deliveries:
                delivery.join(timeout=10)

    def _assign_until_stopped(self, connection: Connection, recent: RecentEvents, deliveries: list[Delivery]) -> None:
        assignment = PreparedAssignment(connection)
        last = -math.inf
        while not self._stopped.is_set():
            self._wake.clear()
            began = time.monotonic()
            events = assignment.assign()
            if events:
                recent.add(events)
                for delivery in deliveries:
                    delivery.wake()
            # Fewer were the last ones; later commits have set the wake-up event again.
            if len(events) < BATCH:
                self._wake.wait(self._interval)
                if events:
                    is_busy = len(events) > BUSY_RATE * max(began - last, SPACING)
                    spacing = BUSY_SPACING if is_busy else SPACING
                    last = began
                    self._stopped.wait(max(0.0, began + spacing - time.monotonic()))


def make_sinks(runtime: Runtime) -> dict[str, EventSink]:
    """Create the registered sinks, and the missing cursors in the database."""
    with runtime.transaction() as session:
        for name in runtime.registry.sinks:
            ensure_cursor(session, name)
    return {name: resolve(dotted)(runtime) for name, dotted in runtime.registry.sinks.items()}
