"""Wake-up messages by Redis pub/sub, which save the relay from waiting for its polling interval."""

import logging
import math
import threading
import time
from contextlib import suppress

import redis

from tms_core.event_log.events import WAKE_UP_CHANNEL
from tms_core.redis import create_redis
from tms_core.runtime import Runtime

RECONNECT_PAUSE = 1.0
# Seconds between two looks at `stop()`.
TIMEOUT = 1.0
# Seconds in which wake-up messages are not read if they come in quick succession: the relay gathers the events of this
# time anyway (`relay.SPACING`).
PAUSE = 0.004
MAX_BYTES = 65_536
log = logging.getLogger(__name__)


class Hints(threading.Thread):
    """Sets `event` at each wake-up message until `stop()`; reconnects automatically."""

    def __init__(self, runtime: Runtime, event: threading.Event):
        super().__init__(name="hints", daemon=True)
        self._runtime = runtime
        self._event = event
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        is_down = False
        while not self._stopped.is_set():
            try:
                self._listen()
                is_down = False
            except (redis.RedisError, OSError) as error:
                if not is_down:
                    log.warning("redis is unavailable, polling at each interval: %s", error)
                is_down = True
                self._stopped.wait(RECONNECT_PAUSE)

    def _listen(self) -> None:
        with create_redis(self._runtime.core, timeout=TIMEOUT) as client, client.pubsub() as pubsub:
            pubsub.subscribe(WAKE_UP_CHANNEL)
            # Messages are not parsed: whatever arrives, the confirmation included, is a reason to look for events.
            connection = pubsub.connection._get_socket()
            last = -math.inf
            while not self._stopped.is_set():
                with suppress(TimeoutError):
                    if not connection.recv(MAX_BYTES):
                        raise redis.ConnectionError("the connection was closed")
                    self._event.set()
                    if time.monotonic() < last + 2 * PAUSE:
                        time.sleep(PAUSE)
                    last = time.monotonic()
