"""Resources: the log of deliveries, tests, and retrying dead letters."""

import re
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import Field

from tms_core.error_codes import BAD_CURSOR, NOT_A_CHOICE
from tms_core.errors import InvalidError
from tms_core.web.idempotency import STILL_RUNNING, idempotent
from tms_core.web.openapi import Parameter, ResponseDoc, WholeNumber, documented, names_of
from tms_core.web.resource import id_of, resource
from tms_core.web.validation import query_of, single_value
from tms_webhooks.models import DeliveryStatus, WebhookDelivery
from tms_webhooks.resources import OfWebhooks
from tms_webhooks.schemas import Deliveries, Delivery
from tms_webhooks.services.deliveries import DeliveryService

STATUS = Parameter(name="status", help="Only deliveries in this state; `dead`: dead letters.", kind=DeliveryStatus)
POSITION = "[1-9][0-9]{0,17}"
CURSOR = Parameter(
    name="cursor",
    help="Position in the list, from `next`; empty to begin.",
    kind=Annotated[str, Field(pattern=f"^({POSITION})?$")],
)
SIZE = WholeNumber(name="page_size", help="Results per page.", default=50, least=1, most=200)
PARAMETERS = (STATUS, CURSOR, SIZE)
NOT_DEAD = f"The delivery is no dead letter, or the webhook is turned off. Or: {STILL_RUNNING}"
TOO_MANY_TESTS = f"The webhook is turned off, or has too many waiting tests. Or: {STILL_RUNNING}"


class _OfDeliveries(OfWebhooks):
    def deliveries(self, webhook_id: int) -> DeliveryService:
        return DeliveryService(self.request.db, webhook_id)

    def _active(self) -> int:
        """Return the id of the webhook in the path, which is locked; raises a domain error if it is off."""
        return self.webhooks.get_active(id_of(self.request)).id


@resource(path=r"/api/webhooks/{id:\d+}/deliveries", name="webhook-deliveries")
class WebhookDeliveries(_OfDeliveries):
    @documented(
        "list_webhook_deliveries",
        query=PARAMETERS,
        responses={200: ResponseDoc(Deliveries)},
    )
    def get(self):
        """List the deliveries of a webhook, newest first. Ended ones are kept for `tms.webhooks.keep_days`."""
        values = query_of(self.request, names_of(PARAMETERS))
        status, before, size = _status(values), _before(values), SIZE.read(values)
        webhook_id = self.webhooks.get(id_of(self.request)).id
        found = self.deliveries(webhook_id).page(status=status, before=before, limit=size + 1)
        return self.answer(
            {
                "results": [present_delivery(one) for one in found[:size]],
                "next": self._link(values, found[size - 1].id) if len(found) > size else None,
            }
        )

    def _link(self, values: dict[str, list[str]], last: int) -> str:
        others = [(name, one) for name in sorted(values) if name != CURSOR.name for one in values[name]]
        return f"{self.request.path_url}?{urlencode([*others, (CURSOR.name, last)])}"


@resource(path=r"/api/webhooks/{id:\d+}/test", name="webhook-test")
class WebhookTest(_OfDeliveries):
    @idempotent
    @documented("test_webhook", responses={202: Delivery, 409: TOO_MANY_TESTS})
    def post(self):
        """Send a test, of the type `webhook.test`. Its result appears in the list of deliveries."""
        webhook_id = self._active()
        delivery = self.deliveries(webhook_id).add_test()
        self.announce(webhook_id)
        return self.answer(present_delivery(delivery), status=202)


@resource(path=r"/api/webhooks/{id:\d+}/deliveries/{delivery:\d+}/retry", name="webhook-retry")
class WebhookRetry(_OfDeliveries):
    @idempotent
    @documented("retry_webhook_delivery", responses={202: Delivery, 409: NOT_DEAD})
    def post(self):
        """Send a dead letter again, with the id that it had."""
        webhook_id = self._active()
        delivery = self.deliveries(webhook_id).retry(id_of(self.request, "delivery"))
        self.announce(webhook_id)
        return self.answer(present_delivery(delivery), status=202)


def present_delivery(delivery: WebhookDelivery) -> dict[str, Any]:
    is_waiting = delivery.status is DeliveryStatus.WAITING
    return {
        "id": delivery.id,
        "type": delivery.type,
        "event_id": delivery.position,
        "task_id": delivery.task_id,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "created_at": delivery.created_at,
        "attempted_at": delivery.attempted_at,
        "next_attempt_at": delivery.next_attempt_at if is_waiting else None,
        "duration_ms": delivery.duration_ms,
        "response_status": delivery.response_status,
        "response_excerpt": delivery.response_excerpt,
        "error": delivery.error,
    }


def _status(values: dict[str, list[str]]) -> DeliveryStatus | None:
    given = single_value(values, STATUS.name)
    if given is None:
        return None
    try:
        return DeliveryStatus(given)
    except ValueError:
        choices = ", ".join(DeliveryStatus)
        message = f"must be one of {choices}"
        raise InvalidError.of(STATUS.name, message, NOT_A_CHOICE, "query", choices=choices) from None


def _before(values: dict[str, list[str]]) -> int | None:
    given = single_value(values, CURSOR.name)
    if not given:
        return None
    if not re.fullmatch(POSITION, given):
        raise InvalidError.of(CURSOR.name, "must be one from `next` of this list", BAD_CURSOR, "query")
    return int(given)


def includeme(config):
    config.scan(__name__)
