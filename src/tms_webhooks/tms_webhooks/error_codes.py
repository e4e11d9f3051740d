"""Error codes of this package."""

from tms_core.error_codes import ErrorCode

WEBHOOK_NOT_FOUND = ErrorCode(
    "webhook_not_found", "The webhook does not exist, or belongs to another user.", status=404
)
WEBHOOK_DELIVERY_NOT_FOUND = ErrorCode(
    "webhook_delivery_not_found", "The webhook has no such delivery in its log.", status=404
)
TOO_MANY_WEBHOOKS = ErrorCode(
    "too_many_webhooks", "The user has as many webhooks as allowed.", ("maximum",), 409, is_shared=True
)
WEBHOOK_INACTIVE = ErrorCode("webhook_inactive", "The webhook is turned off.", status=409)
WEBHOOK_DELIVERY_NOT_DEAD = ErrorCode(
    "webhook_delivery_not_dead", "The delivery is no dead letter, so it cannot be retried.", status=409
)
WEBHOOK_REPLAYING = ErrorCode(
    "webhook_replaying", "A replay of the webhook is under way; turning the webhook off ends it.", status=409
)
TOO_MANY_TEST_DELIVERIES = ErrorCode(
    "too_many_test_deliveries", "So many test deliveries wait already.", ("maximum",), status=409
)
WEBHOOK_URL_INVALID = ErrorCode(
    "webhook_url_invalid", "The URL is not http:// or https:// with a host name or an IPv4 address."
)
WEBHOOK_URL_NOT_HTTPS = ErrorCode("webhook_url_not_https", "The URL must begin with https://.")
WEBHOOK_URL_PRIVATE = ErrorCode("webhook_url_private", "The host of the URL is not a public address.")
WEBHOOK_SECRET_INVALID = ErrorCode("webhook_secret_invalid", "The secret is not `whsec_` and 24 to 64 bytes in base64.")
