"""Loads of tasks without events, such as `tms demo-data`, for packages that keep what they learn from events."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from tms_core.registry import resolve
from tms_core.runtime import Runtime

log = logging.getLogger(__name__)


class BulkLoadListener(ABC):
    """Is told of each load of tasks without events."""

    def __init__(self, runtime: Runtime):
        self.runtime = runtime

    @abstractmethod
    def after_commit(self) -> None:
        """Called after the commit."""


@contextmanager
def bulk_load(runtime: Runtime) -> Iterator[Connection]:
    """Yield a connection whose transaction may add, change and delete tasks without events, and commits at the end of
    the block. Tells the listeners of all packages; an error after the commit is logged."""
    listeners = [resolve(dotted)(runtime) for dotted in runtime.registry.bulk_load_listeners.values()]
    with runtime.engine.begin() as connection:
        yield connection
    for listener in listeners:
        try:
            listener.after_commit()
        except Exception:
            log.exception("%s failed after a bulk load", type(listener).__name__)
