"""Saved views of tasks: private or shared with all users."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tms_core.errors import ConflictError, ForbiddenError, NotFoundError
from tms_core.models import User
from tms_core.permissions import Actor
from tms_core.services.user_lock import lock_user
from tms_web.error_codes import TOO_MANY_VIEWS, VIEW_NAME_TAKEN
from tms_web.models import SavedView

MAX_VIEWS = 100
# In one response; views of others beyond it are left out.
MAX_LISTED = 1_000
TAKEN = "is the name of another of your views"


class SavedViewService:
    """Reads and writes the views that an actor may see; never commits."""

    def __init__(self, session: Session, actor: Actor):
        self._session = session
        self._actor = actor

    def list(self) -> Sequence[SavedView]:
        """Return the actor's own views, then the shared ones of others, each by name."""
        is_foreign = SavedView.user_id != self._actor.id
        rows = select(SavedView).where(self._is_visible()).order_by(is_foreign, SavedView.name, SavedView.id)
        return self._session.scalars(rows.limit(MAX_LISTED)).all()

    def get(self, view_id: int) -> SavedView:
        found = self._session.scalar(select(SavedView).where(SavedView.id == view_id, self._is_visible()))
        if found is None:
            raise NotFoundError("There is no such view, or it is not shared with you.")
        return found

    def create(self, values: Mapping[str, Any]) -> SavedView:
        # Serializes with other creations of the user, and with the deletion of the account.
        lock_user(self._session, self._actor.id)
        own = select(func.count()).where(SavedView.user_id == self._actor.id)
        if (self._session.scalar(own) or 0) >= MAX_VIEWS:
            message = f"would be view number {MAX_VIEWS + 1}: delete one that is not needed"
            raise ConflictError("name", message, TOO_MANY_VIEWS, maximum=MAX_VIEWS)
        view = SavedView(user_id=self._actor.id, **values)
        self._session.add(view)
        self._flush(view)
        return view

    def change(self, view_id: int, values: Mapping[str, Any]) -> SavedView:
        view = self._changeable(view_id)
        for name, value in values.items():
            setattr(view, name, value)
        view.updated_at = func.clock_timestamp()
        self._flush(view)
        return view

    def delete(self, view_id: int) -> None:
        self._session.delete(self._changeable(view_id))

    def _changeable(self, view_id: int) -> SavedView:
        view = self.get(view_id)
        if view.user_id != self._actor.id and not self._actor.is_admin:
            raise ForbiddenError("Only its owner or an administrator may change a shared view.")
        return view

    def _is_visible(self) -> ColumnElement[bool]:
        """The row of a deleted account stays; its views are as good as deleted with it."""
        is_owned = exists().where(User.id == SavedView.user_id, User.deleted_at.is_(None))
        return and_(or_(SavedView.user_id == self._actor.id, SavedView.is_shared), is_owned)

    def _flush(self, view: SavedView) -> None:
        try:
            self._session.flush()
        except IntegrityError as error:
            raise ConflictError("name", TAKEN, VIEW_NAME_TAKEN) from error
        self._session.refresh(view)


def create_service(session: Session, actor: Actor) -> SavedViewService:
    return SavedViewService(session, actor)
