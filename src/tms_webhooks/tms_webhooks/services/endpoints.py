"""The webhooks that a user may see: the own ones; for administrators all."""

import builtins
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tms_core.errors import ConflictError, NotFoundError
from tms_core.event_log.events import last_position
from tms_core.models import User
from tms_core.permissions import Actor
from tms_core.runtime import Runtime
from tms_core.services.user_lock import lock_user
from tms_webhooks.error_codes import TOO_MANY_WEBHOOKS, WEBHOOK_INACTIVE, WEBHOOK_NOT_FOUND, WEBHOOK_REPLAYING
from tms_webhooks.models import WebhookEndpoint
from tms_webhooks.settings import WebhookSettings
from tms_webhooks.signatures import new_secret
from tms_webhooks.urls import check_url

# In one response, which has no pages.
MAX_LISTED = 1_000
EXISTS = WebhookEndpoint.deleted_at.is_(None)


class WebhookService:
    """Reads and changes webhooks on behalf of an actor; never commits."""

    def __init__(self, session: Session, actor: Actor, settings: WebhookSettings):
        self._session = session
        self._actor = actor
        self._settings = settings

    def list(self) -> Sequence[WebhookEndpoint]:
        """Return the webhooks that the actor may see, the own ones first."""
        is_foreign = WebhookEndpoint.user_id != self._actor.id
        rows = self._visible().order_by(is_foreign, WebhookEndpoint.id).limit(MAX_LISTED)
        return self._session.scalars(rows).all()

    def get(self, webhook_id: int) -> WebhookEndpoint:
        return self._found(self._visible().where(WebhookEndpoint.id == webhook_id))

    def create(self, values: Mapping[str, Any], secret: str | None) -> WebhookEndpoint:
        check_url(values["url"], self._settings)
        # Serializes with other creations of the user.
        lock_user(self._session, self._actor.id)
        own = select(func.count()).where(WebhookEndpoint.user_id == self._actor.id, EXISTS)
        most = self._settings.most_per_user
        if (self._session.scalar(own) or 0) >= most:
            message = f"would be of webhook number {most + 1}: delete one that is not needed"
            raise ConflictError("url", message, TOO_MANY_WEBHOOKS, maximum=most)
        webhook = WebhookEndpoint(user_id=self._actor.id, secret=secret or new_secret(), **values)
        self._session.add(webhook)
        return self._flushed(webhook)

    def change(self, webhook_id: int, values: Mapping[str, Any]) -> WebhookEndpoint:
        """Change fields. A new URL, and turning it on again, begin without the failures of before. Turning it off ends
        its replay."""
        webhook = self._locked(webhook_id)
        if "url" in values:
            check_url(values["url"], self._settings)
        is_fresh = values.get("url", webhook.url) != webhook.url or (values.get("is_active") and not webhook.is_active)
        for name, value in values.items():
            setattr(webhook, name, value)
        if webhook.is_active:
            webhook.disabled_reason = None
        if values.get("is_active") is False:
            webhook.replay_after = webhook.replay_until = None
        if is_fresh:
            webhook.failures = 0
            webhook.failing_since = webhook.last_error = webhook.paused_until = None
        return self._flushed(webhook)

    def rotate_secret(self, webhook_id: int, secret: str | None) -> WebhookEndpoint:
        """Replace the secret; deliveries are signed with the previous one too, for some time."""
        webhook = self._locked(webhook_id)
        overlap = timedelta(hours=self._settings.secret_overlap_hours)
        webhook.previous_secret = webhook.secret
        webhook.previous_secret_until = func.now() + overlap
        webhook.secret = secret or new_secret()
        return self._flushed(webhook)

    def begin_replay(self, webhook_id: int, since: int) -> WebhookEndpoint:
        """Have all events after `since` that the webhook gets delivered again, in the background.

        Raises `ConflictError` while an earlier replay is under way.
        """
        webhook = self.get_active(webhook_id)
        if webhook.replay_after is not None:
            message = "A replay is under way. Wait for its end, or turn the webhook off, which ends it."
            raise ConflictError(None, message, WEBHOOK_REPLAYING)
        webhook.replay_after = since
        webhook.replay_until = max(since, last_position(self._session))
        self._session.flush()
        return webhook

    def get_active(self, webhook_id: int) -> WebhookEndpoint:
        """Return a webhook, locked; raises `ConflictError` if it is off."""
        webhook = self._locked(webhook_id)
        if not webhook.is_active:
            raise ConflictError(None, "The webhook is turned off. Turn it on first.", WEBHOOK_INACTIVE)
        return webhook

    def delete(self, webhook_id: int) -> None:
        """Turn a webhook off and hide it, without what its owner entered. Its rows are removed in the background, since
        that of a large log takes long."""
        webhook = self._locked(webhook_id)
        webhook.deleted_at = func.now()
        webhook.is_active = False
        webhook.disabled_reason = None
        webhook.url = webhook.description = webhook.secret = ""
        webhook.filter = {}
        webhook.previous_secret = webhook.previous_secret_until = webhook.last_error = None
        self._session.flush()

    def owners(self, webhooks: Sequence[WebhookEndpoint]) -> builtins.list[User]:
        ids = {webhook.user_id for webhook in webhooks}
        return list(self._session.scalars(select(User).where(User.id.in_(ids))))

    def _visible(self) -> Any:
        rows = select(WebhookEndpoint).where(EXISTS)
        return rows if self._actor.is_admin else rows.where(WebhookEndpoint.user_id == self._actor.id)

    def _locked(self, webhook_id: int) -> WebhookEndpoint:
        # The sink may go on: its deliveries refer to the key of the row.
        return self._found(self._visible().where(WebhookEndpoint.id == webhook_id).with_for_update(key_share=True))

    def _found(self, rows: Any) -> WebhookEndpoint:
        found: WebhookEndpoint | None = self._session.scalar(rows)
        if found is None:
            raise NotFoundError("There is no such webhook, or it belongs to another user.", WEBHOOK_NOT_FOUND)
        return found

    def _flushed(self, webhook: WebhookEndpoint) -> WebhookEndpoint:
        webhook.updated_at = func.clock_timestamp()
        self._session.flush()
        self._session.refresh(webhook)
        return webhook


def create_service(runtime: Runtime, session: Session, actor: Actor) -> WebhookService:
    return WebhookService(session, actor, runtime.settings(WebhookSettings))
