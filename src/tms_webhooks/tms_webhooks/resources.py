"""Resources: webhooks, their secrets, replays and tests."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tms_core.models import User
from tms_core.web.idempotency import STILL_RUNNING, idempotent
from tms_core.web.openapi import Header, Link, Nothing, ResponseDoc, Tag, documented
from tms_core.web.public_url import absolute_url
from tms_core.web.resource import id_of, json_response, resource, to_json
from tms_core.web.validation import body_of, query_of
from tms_webhooks.hints import announce_change
from tms_webhooks.models import WebhookEndpoint
from tms_webhooks.schemas import (
    NewSecret,
    NewWebhook,
    ReplayRange,
    ReplayStart,
    Webhook,
    WebhookChange,
    Webhooks,
    WebhookWithSecret,
)
from tms_webhooks.services.endpoints import WebhookService, create_service

WEBHOOKS = Tag("Webhooks", "Signed HTTP requests about changes of tasks, to URLs that users register.")
NO_STORE = {"Cache-Control": "no-store"}
TOO_MANY = f"The user has too many webhooks. Or: {STILL_RUNNING}"
NO_REPLAY = f"The webhook is turned off, or a replay is under way. Or: {STILL_RUNNING}"
LOCATION = Header("Location", "URL of the new webhook.", "https://tms.example.com/api/webhooks/1")
ID = {"id": "$response.body#/id"}
LINKS = tuple(Link(name, ID) for name in ("get_webhook", "change_webhook", "delete_webhook", "list_webhook_deliveries"))


class OfWebhooks:
    tag = WEBHOOKS

    def __init__(self, request, context=None):
        self.request = request

    @property
    def webhooks(self) -> WebhookService:
        return create_service(self.request.registry.tms, self.request.db, self.request.actor)

    def announce(self, webhook_id: int) -> None:
        """Have the senders read the webhook and its deliveries once the request has committed."""
        announce_change(self.request.registry.tms, self.request.db, webhook_id)

    def present(self, webhooks: Sequence[WebhookEndpoint]) -> list[dict[str, Any]]:
        owners = {user.id: user for user in self.webhooks.owners(webhooks)}
        return [present_webhook(one, owners[one.user_id]) for one in webhooks]

    def answer(self, body: Any, *, status: int = 200, headers: dict[str, str] | None = None):
        return json_response(to_json(body), status=status, headers={**NO_STORE, **(headers or {})})


@resource(collection_path="/api/webhooks", path=r"/api/webhooks/{id:\d+}", name="webhooks")
class WebhookResource(OfWebhooks):
    @documented("list_webhooks", query=(), responses={200: Webhooks})
    def collection_get(self):
        """List the caller's webhooks. Administrators see those of all users."""
        query_of(self.request, ())
        return self.answer({"results": self.present(self.webhooks.list())})

    @idempotent
    @documented(
        "create_webhook",
        body=NewWebhook,
        responses={201: ResponseDoc(WebhookWithSecret, headers=(LOCATION,), links=LINKS), 409: TOO_MANY},
    )
    def collection_post(self):
        """Register a webhook. Its secret is shown in this response only."""
        body = body_of(self.request, NewWebhook)
        values = body.model_dump(exclude={"secret", "filter"}) | {"filter": body.filter.stored()}
        webhook = self.webhooks.create(values, body.secret)
        location = absolute_url(self.request, f"/api/webhooks/{webhook.id}")
        return self.answer(self._with_secret(webhook), status=201, headers={"Location": location})

    @documented("get_webhook", query=(), responses={200: Webhook})
    def get(self):
        """Get a webhook."""
        query_of(self.request, ())
        return self.answer(self.present([self.webhooks.get(id_of(self.request))])[0])

    @documented("change_webhook", body=WebhookChange, responses={200: Webhook})
    def patch(self):
        """Change a webhook. Fields that are left out keep their values. Turning it on again clears its failures."""
        webhook_id = id_of(self.request)
        body = body_of(self.request, WebhookChange)
        values = body.model_dump(exclude_unset=True, exclude={"filter"})
        if "filter" in body.model_fields_set:
            values["filter"] = body.filter.stored()
        webhook = self.webhooks.change(webhook_id, values)
        self.announce(webhook_id)
        return self.answer(self.present([webhook])[0])

    @documented("delete_webhook", responses={200: Nothing})
    def delete(self):
        """Delete a webhook, with its deliveries."""
        webhook_id = id_of(self.request)
        self.webhooks.delete(webhook_id)
        self.announce(webhook_id)
        return json_response({})

    def _with_secret(self, webhook: WebhookEndpoint) -> dict[str, Any]:
        return self.present([webhook])[0] | {"secret": webhook.secret}


@resource(path=r"/api/webhooks/{id:\d+}/rotate-secret", name="webhook-secret")
class WebhookSecret(OfWebhooks):
    @idempotent
    @documented("rotate_webhook_secret", body=NewSecret, responses={200: WebhookWithSecret})
    def post(self):
        """Replace the secret. For `tms.webhooks.secret_overlap_hours`, deliveries are signed with the previous secret
        too. The new one is shown in this response only."""
        webhook_id = id_of(self.request)
        webhook = self.webhooks.rotate_secret(webhook_id, body_of(self.request, NewSecret).secret)
        self.announce(webhook_id)
        return self.answer(self.present([webhook])[0] | {"secret": webhook.secret})


@resource(path=r"/api/webhooks/{id:\d+}/replay", name="webhook-replay")
class WebhookReplay(OfWebhooks):
    @idempotent
    @documented("replay_webhook", body=ReplayStart, responses={202: ReplayRange, 409: NO_REPLAY})
    def post(self):
        """Send all events after one again. They have the ids that they had. Refused while a replay is under way, which
        ends when the webhook is turned off."""
        webhook_id = id_of(self.request)
        webhook = self.webhooks.begin_replay(webhook_id, body_of(self.request, ReplayStart).since)
        self.announce(webhook_id)
        return self.answer({"since": webhook.replay_after, "until": webhook.replay_until}, status=202)


def present_webhook(webhook: WebhookEndpoint, owner: User) -> dict[str, Any]:
    is_paused = webhook.is_active and webhook.paused_until and webhook.paused_until > datetime.now(UTC)
    return {
        "id": webhook.id,
        "owner": {"id": owner.id, "username": owner.username, "is_active": owner.is_active},
        "url": webhook.url,
        "description": webhook.description,
        "events": webhook.events,
        "filter": webhook.filter,
        "is_active": webhook.is_active,
        "disabled_reason": webhook.disabled_reason,
        "failures": webhook.failures,
        "failing_since": webhook.failing_since,
        "last_error": webhook.last_error,
        "paused_until": webhook.paused_until if is_paused else None,
        "replaying": webhook.replay_after is not None,
        "previous_secret_until": webhook.previous_secret_until,
        "created_at": webhook.created_at,
        "updated_at": webhook.updated_at,
    }


def includeme(config):
    config.scan(__name__)
