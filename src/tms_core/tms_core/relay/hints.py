"""Wake-up messages by Redis pub/sub, which save the relay from waiting for its polling interval."""

import logging
import threading

import redis

from tms_core.event_log.events import WAKE_UP_CHANNEL
from tms_core.redis import create_redis
from tms_core.runtime import Runtime

RECONNECT_PAUSE = 1.0
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
            except redis.RedisError as error:
                if not is_down:
                    log.warning("redis is unavailable, polling at each interval: %s", error)
                is_down = True
                self._stopped.wait(RECONNECT_PAUSE)

    def _listen(self) -> None:
        with create_redis(self._runtime.core, timeout=1.0) as client, client.pubsub() as pubsub:
            pubsub.subscribe(WAKE_UP_CHANNEL)
            while not self._stopped.is_set():
                if pubsub.get_message(timeout=1.0):
                    self._event.set()
