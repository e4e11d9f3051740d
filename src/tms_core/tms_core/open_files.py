"""The limit of open files: each connection of a server is one, and the usual soft limit is 1024."""

import resource
import sys
from contextlib import suppress

# Files besides those of clients: the database's, Redis's, ports of their own, logs, modules.
RESERVED = 256


def possible_connections(wanted: int) -> int:
    """`wanted` connections (0: no limit), or as many as this process may open after raising its soft limit."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS has a hard limit that it does not allow as a soft one.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = sys.maxsize if soft == resource.RLIM_INFINITY else max(soft - RESERVED, 1)
    return min(wanted or possible, possible)
