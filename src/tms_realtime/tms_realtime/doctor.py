"""The check of the realtime processes by `tms doctor`."""

from collections.abc import Iterator

import redis

from tms_core.doctor import Finding, bad, fine, warning
from tms_core.runtime import Runtime
from tms_realtime.connection_counts import count_living


def check_processes(runtime: Runtime) -> Iterator[Finding]:
    try:
        processes, sockets = count_living(runtime)
    except redis.RedisError as error:
        yield bad(f"cannot read the realtime processes from redis ({error})")
        return
    if not processes:
        yield warning("no tms realtime is running", "without one there are no live updates.")
        return
    yield fine(f"{processes} processes, {sockets} clients" if processes > 1 else f"1 process, {sockets} clients")
