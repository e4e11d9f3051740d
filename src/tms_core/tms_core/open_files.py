"""The limit of open files (RLIMIT_NOFILE): every connection uses one, and the usual soft limit is 1024."""

import resource
import sys
from contextlib import suppress

# Files for other uses than client connections: database, Redis, listening sockets, logs, modules.
RESERVED = 256


def possible_connections(wanted: int) -> int:
    """Raise the soft limit and return how many connections are possible: at most `wanted` (0: no limit)."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS reports a hard limit that it rejects as a soft limit.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = sys.maxsize if soft == resource.RLIM_INFINITY else max(soft - RESERVED, 1)
    return min(wanted or possible, possible)
