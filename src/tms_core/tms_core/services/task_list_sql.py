"""SQL text of lists, compiled once per kind of statement and shape of the filter.

Building and compiling a statement with SQLAlchemy takes longer than PostgreSQL needs to execute it, and lists differ
mostly in their values.
"""

from collections.abc import Callable, Hashable
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import psycopg2

from tms_core.services.task_filter import TaskFilter

MAX_TEXTS = 2_000
_DIALECT = psycopg2.dialect()
_texts: dict[Hashable, str] = {}


def sql_text(wanted: TaskFilter, key: Hashable, build: Callable[[], Select[Any]]) -> str:
    """Return the text of the statement that `build` returns for a filter, for `SingleStatements`.

    `key` has all that the text depends on besides the filter. The values of the filter are parameters; see
    `TaskFilter.parameters`.
    """
    shape = (wanted.shape(), key)
    found = _texts.get(shape)
    if found is None:
        if len(_texts) >= MAX_TEXTS:
            _texts.clear()
        _texts[shape] = found = str(build().compile(dialect=_DIALECT))
    return found
