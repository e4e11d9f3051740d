"""The checks of the report database and the kept counters by `tms doctor`."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tms_core.doctor import Finding, bad, fine, warning
from tms_core.runtime import Runtime
from tms_reports.counters.storage import read_state
from tms_reports.scans import create_report_engine
from tms_reports.settings import ReportSettings, keeps_personal_counters

MAX_SECONDS_BEHIND = 60.0
# A replica that has replayed everything it received is not behind, however old its last transaction is.
REPLICATION_LAG = text(
    "SELECT pg_is_in_recovery(), CASE WHEN pg_last_wal_receive_lsn() IS DISTINCT FROM pg_last_wal_replay_lsn()"
    " THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END"
)


def check_database(runtime: Runtime) -> Iterator[Finding]:
    if runtime.settings(ReportSettings).database_url is None:
        yield fine("reports use the main database")
        return
    engine = create_report_engine(runtime)
    where = engine.url.render_as_string(hide_password=True)
    try:
        with engine.connect() as connection:
            is_replica, behind = connection.execute(REPLICATION_LAG).one()
        yield judge(where, is_replica=is_replica, seconds_behind=float(behind or 0))
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        yield bad(f"{where} does not answer ({reason})", "repair it, or unset tms.reports.database_url.")
    finally:
        engine.dispose()


def judge(where: str, *, is_replica: bool, seconds_behind: float) -> Finding:
    if not is_replica:
        return warning(f"{where} is not a replica: reports use it nevertheless, if it has the tables.")
    if seconds_behind > MAX_SECONDS_BEHIND:
        return warning(f"the replica {where} is {seconds_behind:.0f} s behind, and so are reports.")
    return fine(f"reports use the replica {where}")


def check_counters(runtime: Runtime) -> Iterator[Finding]:
    """Check that the counters serve reports. How far their sink is behind is a finding about the relay."""
    if runtime.settings(ReportSettings).counters == "off":
        yield fine("no counters are kept; reports count the tasks")
        return
    with runtime.transaction() as session:
        state = read_state(session)
    if state.serves(is_personal=keeps_personal_counters(runtime)):
        yield fine(f"the counters are kept{', also those of each user' if state.is_personal else ''}")
    else:
        yield warning(
            "the counters are not complete, and reports count the tasks",
            "the relay builds them when it starts and with the next change; tms report --rebuild does now.",
        )
