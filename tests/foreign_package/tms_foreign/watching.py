from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import func, select

from tms_core.doctor import fine
from tms_foreign.models import ForeignNote
from tms_foreign.settings import ForeignSettings


def check_ready(runtime) -> None:
    count_notes(runtime)


def check_notes(runtime):
    yield fine(f"{count_notes(runtime)} notes")


def collect(runtime):
    yield GaugeMetricFamily("foreign_notes", "Notes there are.", value=count_notes(runtime))


def keeping(runtime) -> str:
    return f"at most {runtime.settings(ForeignSettings).longest} are shown"


def steps(runtime, login) -> list[str]:
    return [f"tms notes  # as {login[0]}" if login else "tms notes"]


def count_notes(runtime) -> int:
    with runtime.transaction() as session:
        return session.scalar(select(func.count()).select_from(ForeignNote))
