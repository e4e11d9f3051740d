"""The lock of a user's row, which serializes changes of the user's sessions, tokens and links."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from tms_core.models import User


def lock_user(session: Session, user_id: int) -> None:
    """Lock the user's row until the transaction ends. Read what depends on it afterwards: a concurrent transaction may
    have changed it in the meantime."""
    session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
