from collections.abc import Iterator

from sqlalchemy import Connection, text

from tms_core.doctor.findings import Finding, bad, fine, warning
from tms_core.runtime import Runtime

MEND = "run tms rebuild-search."
FUNCTIONS = (
    "search_fold(text)", "search_pairs(text)", "search_words(text)", "search_parts(text)", "search_vector(text)",
    "task_search_words(text, text)", "write_task_search()", "delete_task_search()",
)  # fmt: skip
TRIGGERS = ("task_search_insert", "task_search_update", "task_search_delete")
MISSING_FUNCTIONS = text("SELECT name FROM unnest(:names) AS name WHERE to_regprocedure(name) IS NULL")
ACTIVE_TRIGGERS = text(
    "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass('task') AND tgenabled IN ('O', 'A') AND NOT tgisinternal"
)
VALID_INDEX = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_task_search_vector')")
TABLE = text("SELECT to_regclass('task_search')")
DIFFERENCE = text("SELECT (SELECT count(*) FROM task) - (SELECT count(*) FROM task_search)")
# Comparing all tasks would take minutes on a large table.
STALE = text("""
    SELECT count(*) FROM (SELECT id, title, description FROM task ORDER BY id DESC LIMIT 200) AS newest
    LEFT JOIN task_search ON task_id = id WHERE words IS DISTINCT FROM task_search_words(title, description)
""")
FOLDS = text("SELECT search_words('Ж') = ' ж '")


def check_search(runtime: Runtime) -> Iterator[Finding]:
    with runtime.engine.connect() as connection:
        if connection.scalar(TABLE) is None:
            yield bad("the table task_search is missing, so searches fail", f"run tms migrate, then {MEND}")
            return
        found = [*_objects(connection)]
        # Without the functions, the words cannot be compared.
        if not found:
            found += _words(connection)
        yield from found or [fine("every task can be found")]


def _objects(connection: Connection) -> Iterator[Finding]:
    if missing := list(connection.scalars(MISSING_FUNCTIONS, {"names": list(FUNCTIONS)})):
        yield bad(f"the database lacks the functions {', '.join(missing)}", MEND)
    if inactive := set(TRIGGERS) - set(connection.scalars(ACTIVE_TRIGGERS)):
        names = ", ".join(sorted(inactive))
        yield bad(f"the triggers {names} of task are missing or disabled, so changes are not found", MEND)
    is_valid = connection.scalar(VALID_INDEX)
    if not is_valid:
        state = "missing" if is_valid is None else "invalid, from an interrupted build"
        yield bad(f"the index ix_task_search_vector is {state}, so searches read all tasks", MEND)


def _words(connection: Connection) -> Iterator[Finding]:
    if difference := connection.scalar(DIFFERENCE):
        state = f"{difference} tasks are not in" if difference > 0 else f"{-difference} deleted tasks are still in"
        yield bad(f"{state} task_search, for example after a restored backup of one table", MEND)
    elif stale := connection.scalar(STALE):
        yield bad(f"{stale} of the newest tasks have outdated search words", MEND)
    if not connection.scalar(FOLDS):
        yield warning(
            "this server has no collation for upper case beyond ASCII (pg_c_utf8 or C.UTF-8), so searches in other "
            "scripts distinguish case",
            f"upgrade to PostgreSQL 17 or newer, then {MEND}",
        )
