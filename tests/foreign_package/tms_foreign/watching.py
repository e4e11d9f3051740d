from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import func, select

from tms_core.doctor import fine
from tms_foreign.models import ForeignNote


def check_ready(runtime) -> None:
    count_notes(runtime)


def check_notes(runtime):
    yield fine(f"{count_notes(runtime)} notes")


def collect(runtime):
    yield GaugeMetricFamily("foreign_notes", "Notes there are.", value=count_notes(runtime))


def count_notes(runtime) -> int:
    with runtime.transaction() as session:
        return session.scalar(select(func.count()).select_from(ForeignNote))
