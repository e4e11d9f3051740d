import logging

from sqlalchemy import delete

from tms_core.celery import app, current_runtime
from tms_foreign.models import ForeignNote


@app.task(name="foreign.forget_notes")
def forget_notes() -> None:
    with current_runtime().transaction() as session:
        forgotten = session.execute(delete(ForeignNote)).rowcount
    logging.getLogger(__name__).info("forgot %d notes", forgotten)
