"""The Valkey (or Redis) server of a state directory, run as a process of the supervisor."""

from pathlib import Path
from urllib.parse import quote

import redis

from tms_core.state_dir import VALKEY_SOCKET, StateDirectory
from tms_local.embedded.account import Account
from tms_local.supervisor import ProcessSpec

NAME = "valkey"


class Valkey:
    """A server on a private socket; with `tcp_port` on 127.0.0.1 instead, for tests."""

    def __init__(
        self,
        state: StateDirectory,
        program: Path,
        account: Account,
        *,
        tcp_port: int | None = None,
        durable: bool = True,
    ):
        self._state = state
        self._program = program
        self._account = account
        self._tcp_port = tcp_port
        self._durable = durable

    @property
    def url(self) -> str:
        if self._tcp_port:
            return f"redis://127.0.0.1:{self._tcp_port}/0"
        return f"unix://{quote(str(self._state.sockets))}/{VALKEY_SOCKET}?db=0"

    def initialise(self) -> None:
        self._account.use(self._program, self._program.parent)
        self._account.reach(self._state.valkey)
        self._account.own(self._state.valkey)
        self._account.share(self._state.sockets)

    def process(self) -> ProcessSpec:
        return ProcessSpec(
            name=NAME,
            argv=[self._program, *self._options()],
            cwd=self._state.path,
            popen_options=self._account.popen_options,
            is_ready=self.is_ready,
            advice=(
                f"if its lines above speak of damage, move {self._state.valkey} away: what it holds is made again, "
                "and mails that were queued are found in the database"
            ),
        )

    def is_ready(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2, socket_connect_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _options(self) -> list[str]:
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
        return [argument for name, value in options.items() for argument in (f"--{name}", value)]
