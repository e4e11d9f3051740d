"""Celery tasks of the API."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, or_

from tms_api.idempotency import LIFE
from tms_api.models import IdempotencyKey
from tms_core.celery import app, current_runtime
from tms_core.models import AccountLink, PersonalToken, RefreshToken

# Kept for a day to allow investigation; `Revocations` needs only minutes.
ENDED = timedelta(days=1)
# Expired personal tokens stay in the list for a while, so that owners see why a script stopped working.
EXPIRED_TOKEN = timedelta(days=90)


@app.task(name="tms.api.forget_idempotency_keys")
def forget_idempotency_keys() -> None:
    """Delete expired idempotency keys."""
    with current_runtime().transaction() as session:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < datetime.now(UTC) - LIFE))


@app.task(name="tms.api.forget_ended_sessions")
def forget_ended_sessions() -> None:
    """Delete expired and revoked refresh tokens, personal tokens and mailed links."""
    now = datetime.now(UTC)
    ended, long_expired = now - ENDED, now - EXPIRED_TOKEN
    refresh, personal = RefreshToken, PersonalToken
    with current_runtime().transaction() as session:
        session.execute(delete(refresh).where(or_(refresh.expires_at < ended, refresh.revoked_at < ended)))
        session.execute(delete(personal).where(or_(personal.expires_at < long_expired, personal.revoked_at < ended)))
        session.execute(delete(AccountLink).where(AccountLink.expires_at < ended))
