"""The Valkey (or Redis) server of a state directory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import redis

from tms_local.embedded.account import Account
from tms_local.embedded.programs import valkey_program
from tms_local.embedded.server import EmbeddedServer
from tms_local.embedded.state import VALKEY_SOCKET, StateDirectory


class Valkey(EmbeddedServer):
    name = "valkey"

    def __init__(self, state: StateDirectory, account: Account, **options: Any):
        super().__init__(state, account, **options)
        self._program = valkey_program()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._tcp_port}/0" if self._tcp_port else self._state.redis_url

    def initialise(self) -> None:
        self._account.use(self._program, self._program.parent)
        self._account.reach(self._state.valkey)
        self._account.own(self._state.valkey)
        self._account.share(self._state.sockets)

    def is_ready(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2, socket_connect_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    @property
    def _advice(self) -> str:
        return (
            f"move {self._state.valkey} away: what it holds is made again, and mails that were queued are found in "
            "the database"
        )

    @property
    def _argv(self) -> Sequence[str | Path]:
        options = {
            "dir": str(self._state.valkey),
            "daemonize": "no",
            "logfile": "",
            "loglevel": "warning",
            "save": "",
            "appendonly": "yes" if self._durable else "no",
            "appendfsync": "everysec",
            "maxmemory": "256mb",
            # Evict only keys with a TTL: cached lists, but never queued mails.
            "maxmemory-policy": "volatile-lru",
        }
        if self._tcp_port:
            options |= {"bind": "127.0.0.1", "port": f"{self._tcp_port}"}
        else:
            options |= {
                "port": "0",
                "unixsocket": str(self._state.sockets / VALKEY_SOCKET),
                "unixsocketperm": "700",
            }
        return [self._program, *(argument for name, value in options.items() for argument in (f"--{name}", value))]
