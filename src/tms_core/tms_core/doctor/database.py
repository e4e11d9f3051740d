import re
import time
from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tms_core.doctor.findings import Finding, bad, fine, warning
from tms_core.migrations_runner import foreign_revisions, missing_revisions
from tms_core.runtime import Runtime

MIN_VERSION = 15
TOLERATED_SECONDS = 2.0
SERVER = text("SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding')")
NOW = text("SELECT extract(epoch FROM clock_timestamp())")


def check_database(runtime: Runtime) -> Iterator[Finding]:
    where = runtime.engine.url.render_as_string(hide_password=True)
    try:
        with runtime.engine.connect() as connection:
            version, encoding = connection.execute(SERVER).one()
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        mend = "set tms.database_url (or TMS_DATABASE_URL), or start the server"
        if runtime.core.database_url is None:
            mend = "start tms up, or set tms.database_url (or TMS_DATABASE_URL)"
        yield bad(f"does not answer at {where} ({reason})", f"{mend}.")
        return
    yield judge_version(version)
    if encoding != "UTF8":
        yield bad(f"its encoding is {encoding}", "move the data to a database made with ENCODING 'UTF8'.")


def judge_version(version: int) -> Finding:
    if version < MIN_VERSION:
        return bad(f"is PostgreSQL {version}", f"upgrade it, TMS needs {MIN_VERSION} or newer.")
    return fine(f"PostgreSQL {version}")


def check_migrations(runtime: Runtime) -> Iterator[Finding]:
    with runtime.engine.connect() as connection:
        missing = missing_revisions(runtime, connection)
        foreign = foreign_revisions(runtime, connection)
    if missing:
        yield bad(f"the database lacks {', '.join(sorted(missing))}", "run tms migrate.")
    yield from map(left_behind, sorted(foreign))
    if not missing and not foreign:
        yield fine("the database is up to date")


def left_behind(revision: str) -> Finding:
    """Return the finding for tables of a removed package. The branch is derived from the name of the revision."""
    named = re.fullmatch(r"(\w+)_\d{4}", revision)
    label = named[1] if named else "LABEL"
    return warning(
        f"the database has {revision} of a package that is no longer included",
        "its tables are harmless; to drop them, put its line back into pyramid.includes, run tms migrate --downgrade "
        f"{label}@base (that is alembic downgrade {label}@base), and take the line out again.",
    )


def check_clock(runtime: Runtime) -> Iterator[Finding]:
    with runtime.engine.connect() as connection:
        connection.execute(NOW)
        before = time.time()
        theirs = float(connection.execute(NOW).scalar_one())
        after = time.time()
    yield judge_clock(theirs - (before + after) / 2)


def judge_clock(ahead: float) -> Finding:
    """Return the finding for the database's clock, which is `ahead` seconds ahead of this host's."""
    if abs(ahead) > TOLERATED_SECONDS:
        return warning(
            f"the database's clock is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this host's",
            "have both follow an NTP server, because tokens and due dates depend on them.",
        )
    return fine(f"{abs(ahead) * 1000:.0f} ms apart from the database's")
