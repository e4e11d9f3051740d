"""The API's background tasks."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, or_

from tms_api.idempotency import LIFE
from tms_api.models import IdempotencyKey
from tms_core.celery import app, current_runtime
from tms_core.models import AccountLink, PersonalToken, RefreshToken

# For a day one may still ask what became of it; `Revocations` needs minutes.
ENDED = timedelta(days=1)
# Its owner finds an expired token in the list, and why its script stopped.
EXPIRED_TOKEN = timedelta(days=90)


@app.task(name="tms.api.forget_idempotency_keys")
def forget_idempotency_keys() -> None:
    """Delete the keys that no longer hold."""
    with current_runtime().transaction() as session:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < datetime.now(UTC) - LIFE))


@app.task(name="tms.api.forget_ended_logins")
def forget_ended_logins() -> None:
    """Delete refresh tokens, personal tokens and mailed links that no longer open anything."""
    now = datetime.now(UTC)
    ended, long_expired = now - ENDED, now - EXPIRED_TOKEN
    refresh, personal = RefreshToken, PersonalToken
    with current_runtime().transaction() as session:
        session.execute(delete(refresh).where(or_(refresh.expires_at < ended, refresh.revoked_at < ended)))
        session.execute(delete(personal).where(or_(personal.expires_at < long_expired, personal.revoked_at < ended)))
        session.execute(delete(AccountLink).where(AccountLink.expires_at < ended))
