"""The schedules of a user, and those that mail reports to the user."""

from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import any_, func, literal, or_, select
from sqlalchemy.orm import Session

from tms_core.errors import ConflictError, FieldError, ForbiddenError, InvalidError, NotFoundError, NotOfferedError
from tms_core.invalid_values import InvalidValueError
from tms_core.models import User
from tms_core.permissions import Actor
from tms_core.runtime import Runtime
from tms_core.services.user_lock import lock_user
from tms_reports.error_codes import (
    NOT_A_RECIPIENT,
    REPORT_SCHEDULE_FOREIGN,
    REPORT_SCHEDULE_NOT_FOUND,
    REPORT_SCHEDULE_RUNNING,
    TOO_MANY_REPORT_SCHEDULES,
    UNKNOWN_ZONE,
)
from tms_reports.models import ReportSchedule
from tms_reports.requests import ReportRequest
from tms_reports.schedules.cron import check_cron, next_run
from tms_reports.schedules.runs import start_run

MAX_SCHEDULES = 20
# Of one user, recipient or owner.
MAX_LISTED = 500
# The columns that say what is computed, and when.
REPORT = frozenset({"report", "parameters"})
TIMES = frozenset({"cron", "timezone", "is_paused"})
NO_MAIL = "This deployment sends no mail, which scheduled reports need."
NOT_FOUND = "There is no such schedule of yours, nor one that mails reports to you."


class ScheduleService:
    """Never commits. A schedule is seen by its owner and its recipients, and changed by its owner."""

    def __init__(self, runtime: Runtime, session: Session, actor: Actor):
        self._runtime = runtime
        self._session = session
        self._actor = actor

    def list(self) -> Sequence[ReportSchedule]:
        rows = select(ReportSchedule).where(self._is_visible()).order_by(ReportSchedule.id)
        return self._session.scalars(rows.limit(MAX_LISTED)).all()

    def get(self, schedule_id: int) -> ReportSchedule:
        return self._get(schedule_id)

    def create(self, values: Mapping[str, Any]) -> ReportSchedule:
        """Add a schedule. `values` are columns; without `recipients`, the owner is the only one."""
        self._require_mailer()
        lock_user(self._session, self._actor.id)
        own = select(func.count()).where(ReportSchedule.user_id == self._actor.id)
        if (self._session.scalar(own) or 0) >= MAX_SCHEDULES:
            message = f"You have {MAX_SCHEDULES} schedules: delete one that is not needed."
            raise ConflictError(None, message, TOO_MANY_REPORT_SCHEDULES, maximum=MAX_SCHEDULES)
        given = {**values, "recipients": values.get("recipients") or [self._actor.id]}
        schedule = ReportSchedule(user_id=self._actor.id, is_paused=False, **given)
        self._check(schedule, {*given, "is_paused"})
        self._session.add(schedule)
        self._session.flush()
        self._session.refresh(schedule)
        return schedule

    def change(self, schedule_id: int, values: Mapping[str, Any]) -> ReportSchedule:
        """Change columns. Those that stay as they are are not checked: a recipient may have left meanwhile."""
        schedule = self._own(schedule_id)
        changed = {name for name, value in values.items() if getattr(schedule, name) != value}
        for name in changed:
            setattr(schedule, name, values[name])
        if not schedule.is_paused:
            self._require_mailer()
        self._check(schedule, changed)
        schedule.updated_at = func.clock_timestamp()
        self._session.flush()
        self._session.refresh(schedule)
        return schedule

    def delete(self, schedule_id: int) -> None:
        """Delete an own schedule; a recipient leaves that of another user."""
        schedule = self._get(schedule_id, is_locked=True)
        if schedule.user_id == self._actor.id:
            self._session.delete(schedule)
        else:
            schedule.recipients = [user for user in schedule.recipients if user != self._actor.id]

    def run(self, schedule_id: int) -> ReportSchedule:
        """Start a run now, also of a paused schedule. Raises `ConflictError` while the last one is not finished."""
        self._require_mailer()
        schedule = self._own(schedule_id)
        if not start_run(self._runtime, self._session, schedule):
            raise ConflictError(None, "The last run is not finished yet.", REPORT_SCHEDULE_RUNNING)
        self._session.refresh(schedule)
        return schedule

    def _check(self, schedule: ReportSchedule, changed: Set[str]) -> None:
        """Raise `InvalidError` for bad values of the changed columns, and set the time of the next run if it depends
        on them: another change must not lose a run that is due."""
        zone = _zone(schedule.timezone)
        if "cron" in changed:
            try:
                check_cron(schedule.cron)
            except InvalidValueError as error:
                raise InvalidError([FieldError.of("body", "cron", error)]) from None
        if "recipients" in changed:
            schedule.recipients = list(dict.fromkeys(schedule.recipients))
            self._check_recipients(schedule.recipients)
        if changed & REPORT:
            # A query would flush the session, and with it a schedule whose values are not checked yet.
            with self._session.no_autoflush:
                ReportRequest(schedule.report, schedule.parameters).check(self._session, self._actor.id)
        if changed & TIMES:
            now = datetime.now(UTC)
            schedule.next_run_at = None if schedule.is_paused else next_run(schedule.cron, zone, now)

    def _check_recipients(self, recipients: Sequence[int]) -> None:
        """Others may be recipients only where everybody sees all tasks, or of an administrator's schedule."""
        others = [user for user in recipients if user != self._actor.id]
        if not others:
            return
        may_add = self._runtime.core.visibility == "team" or self._actor.is_admin
        active = select(User.id).where(User.id.in_(others), User.is_active, User.deleted_at.is_(None))
        found = set(self._session.scalars(active)) if may_add else set()
        if unknown := [user for user in others if user not in found]:
            message = f"must be users who may see the report, not {unknown[0]}"
            raise InvalidError.of("recipients", message, NOT_A_RECIPIENT, user=unknown[0])

    def _require_mailer(self) -> None:
        if self._runtime.registry.document_mailer is None:
            raise NotOfferedError(NO_MAIL)

    def _own(self, schedule_id: int) -> ReportSchedule:
        schedule = self._get(schedule_id, is_locked=True)
        if schedule.user_id != self._actor.id:
            raise ForbiddenError("Only its owner may change or run a schedule.", REPORT_SCHEDULE_FOREIGN)
        return schedule

    def _get(self, schedule_id: int, *, is_locked: bool = False) -> ReportSchedule:
        found = select(ReportSchedule).where(ReportSchedule.id == schedule_id, self._is_visible())
        schedule = self._session.scalar(found.with_for_update() if is_locked else found)
        if schedule is None:
            raise NotFoundError(NOT_FOUND, REPORT_SCHEDULE_NOT_FOUND)
        return schedule

    def _is_visible(self) -> Any:
        return or_(ReportSchedule.user_id == self._actor.id, literal(self._actor.id) == any_(ReportSchedule.recipients))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        message = "must be an IANA time zone such as Europe/Berlin"
        raise InvalidError.of("timezone", message, UNKNOWN_ZONE) from None


def create_service(runtime: Runtime, session: Session, actor: Actor) -> ScheduleService:
    return ScheduleService(runtime, session, actor)
