"""The URLs of webhooks."""

import ipaddress
import re
from urllib.parse import urlsplit

from tms_core.errors import InvalidError
from tms_webhooks.addresses import is_public
from tms_webhooks.error_codes import WEBHOOK_URL_NOT_HTTPS, WEBHOOK_URL_PRIVATE
from tms_webhooks.settings import WebhookSettings

MAX_URL_LENGTH = 2_000
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PORT = "6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}"
# Without user information, which would stand in logs, and without a fragment. The last label of a name has a letter:
# others, such as 127.1 and 2130706433, are numbers that some resolvers take for addresses.
_NAME = rf"(?:{_LABEL}\.)*[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?\.?"
# Characters of paths and queries in RFC 3986.
_PATH = r"A-Za-z0-9._~!$&'()*+,;=:@/?-"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
URL_PATTERN = rf"^https?://(?:{_IPV4}|{_NAME})(?::(?:{_PORT}))?(?:/(?:[{_PATH}]|%[0-9A-Fa-f]{{2}})*)?$"
URL = re.compile(URL_PATTERN)


def check_url(url: str, settings: WebhookSettings) -> None:
    """Raise `InvalidError` if the settings do not allow the URL. Names are resolved only when they are connected to."""
    parts = urlsplit(url)
    if settings.require_https and parts.scheme != "https":
        raise InvalidError.of("url", "must begin with https://", WEBHOOK_URL_NOT_HTTPS)
    if settings.allow_private:
        return
    host = (parts.hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost") or (_is_address(host) and not is_public(host)):
        raise InvalidError.of("url", "must have a public host, not one of a private network", WEBHOOK_URL_PRIVATE)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
