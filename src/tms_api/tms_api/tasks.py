"""The API's background tasks."""

from datetime import UTC, datetime

from sqlalchemy import delete

from tms_api.idempotency import LIFE
from tms_api.models import IdempotencyKey
from tms_core.celery import app, current_runtime


@app.task(name="tms.api.forget_idempotency_keys")
def forget_idempotency_keys() -> None:
    """Delete the keys that no longer hold."""
    with current_runtime().transaction() as session:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < datetime.now(UTC) - LIFE))
