"""Requesting and redeeming mailed one-time links."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from tms_api.error_codes import ACCOUNT_DISABLED, EMAIL_NOT_PROVED, LINK_INVALID, NO_MAILS_OFFERED
from tms_api.known_clients import client_known_by_name
from tms_api.rate_limits.attempt_limits import key_of, link_attempt_limits, unless_known
from tms_api.rate_limits.limiter import Limit
from tms_api.settings import ApiSettings
from tms_core.account_mail import TOKEN, AccountMailer, EmailChangeNotice, LinkRequest
from tms_core.errors import ConflictError, InvalidError, NotOfferedError, TooManyRequestsError
from tms_core.models import LinkPurpose, User
from tms_core.services.account_links import AccountLinkService, create_service
from tms_core.web.client_address import client_network

T = TypeVar("T")
UNPROVED = (
    "The user has changed the e-mail address and not verified it yet, so no link is mailed to it. Create a link and "
    "hand it over, or set another address."
)
NO_MAILS = "This server sends no mails about accounts. Ask an administrator for help."


def mailer_of(request) -> AccountMailer:
    """Return the account mailer. Raises `NotOfferedError` if no included package provides one."""
    mailer: AccountMailer | None = request.registry.tms.mailer
    if mailer is None:
        raise NotOfferedError(NO_MAILS, NO_MAILS_OFFERED)
    return mailer


def request_reset_link(request, email: str) -> None:
    """Request a mail with a password reset link. Whether an account has the address is not checked here.

    Raises `TooManyRequestsError`. Requests are counted per network, and a known client is exempt from the limit shared
    by all networks, so that requests by others do not lock the owner out.
    """
    settings = request.registry.tms.settings(ApiSettings)
    client, network, account = client_known_by_name(request, email), client_network(request), key_of(email)
    if client.device:
        request.registry.limiter.count(Limit("mail-device", settings.limit_mail_account, client.device))
    else:
        per_account = Limit("mail-account-everywhere", settings.limit_mail_account_everywhere, account)
        request.registry.limiter.count(
            Limit("mail-address", settings.limit_mail_address, network),
            Limit("mail-account", settings.limit_mail_account, f"{account}@{network}"),
            *unless_known(request, per_account, client),
        )
    mail_link(request, LinkPurpose.PASSWORD_RESET, email)


def request_verification_link(request, email: str) -> None:
    """Request a mail with a verification link to the address of the signed-in user.

    Raises `TooManyRequestsError`. Requests are counted per network, per user and per address, separately from requests
    for password reset links.
    """
    settings = request.registry.tms.settings(ApiSettings)
    request.registry.limiter.count(
        Limit("verification-address", settings.limit_mail_address, client_network(request)),
        Limit("verification-user", settings.limit_mail_account, str(request.actor.id)),
        Limit("verification-account", settings.limit_mail_account_everywhere, key_of(email)),
    )
    mail_link(request, LinkPurpose.EMAIL_VERIFICATION, email)


def mail_link(request, purpose: LinkPurpose, email: str) -> None:
    """Request a mail with a link, without a rate limit; the caller has checked the limits if any apply."""
    mailer_of(request).ask(request.db, LinkRequest(purpose, email, _url(request, purpose)))


def mail_reset_link(request, user: User) -> None:
    """Request a mail with a password reset link for an account, as an administrator.

    Raises `ConflictError` if no link may be sent to the account's address.
    """
    mailer_of(request)
    _require_active(user)
    if user.email is None or (user.email_changed_at and not user.email_verified):
        raise ConflictError(None, UNPROVED, EMAIL_NOT_PROVED)
    mail_link(request, LinkPurpose.PASSWORD_RESET, user.email)


def create_reset_link(request, user: User) -> tuple[str, datetime]:
    """Return the URL of a new password reset link for an administrator to hand over, and when it expires."""
    _require_active(user)
    link, token = _links(request).create_unmailed(user)
    return _url(request, LinkPurpose.PASSWORD_RESET).replace(TOKEN, token), link.expires_at


def _require_active(user: User) -> None:
    if not user.is_active:
        raise ConflictError(None, "The account is disabled: enable it first.", ACCOUNT_DISABLED)


def notify_old_address(request, user: User, old_email: str) -> None:
    """Notify the old address of a change of address.

    The mail has a link that undoes the change, except when an administrator changed another user's address: that is
    the way to recover an account from somebody who reads the old mailbox.
    """
    mailer: AccountMailer | None = request.registry.tms.mailer
    if mailer is None:
        return
    by_owner = request.actor.id == user.id
    link_id = _links(request).create_for_change(user, old_email).id if by_owner else None
    url = _url(request, LinkPurpose.EMAIL_CHANGE)
    mailer.tell_of_email_change(request.db, EmailChangeNotice(user.id, old_email, link_id, url))


def verify_changed_address(request, email: str) -> None:
    """Request a verification link for a changed address if mails are sent and no rate limit is exhausted.

    No password reset link is sent to the address until it is verified.
    """
    if request.registry.tms.mailer is not None:
        with suppress(TooManyRequestsError):
            request_verification_link(request, email)


def verify_new_address(request, user: User) -> None:
    """Request a verification link for a new account if mails are held back until its address is verified.

    Raises `TooManyRequestsError`, because the address given at registration may belong to somebody else.
    """
    mailer: AccountMailer | None = request.registry.tms.mailer
    if mailer is None or not mailer.proves_addresses or not user.email or user.email_verified:
        return
    settings = request.registry.tms.settings(ApiSettings)
    request.registry.limiter.count(
        Limit("verification-address", settings.limit_mail_address, client_network(request)),
        Limit("verification-account", settings.limit_mail_account_everywhere, key_of(user.email)),
    )
    mail_link(request, LinkPurpose.EMAIL_VERIFICATION, user.email)


def redeem_link(request, purpose: LinkPurpose, token: str) -> User:
    """Redeem a link and return its user, locked. Raises `InvalidError` for an invalid or expired token."""
    return _redeemed(request, lambda: _links(request).redeem(purpose, token))


def redeem_change_link(request, token: str) -> tuple[User, str]:
    """Redeem a link that undoes a change of address, and return its user, locked, and the previous address."""
    return _redeemed(request, lambda: _links(request).redeem_change(token))


def _redeemed(request, redeem: Callable[[], T | None]) -> T:
    found = link_attempt_limits(request).attempt(redeem)
    if found is None:
        message = "is not the token of a valid link: request another one"
        raise InvalidError.of("token", message, LINK_INVALID)
    return found


def _links(request) -> AccountLinkService:
    return create_service(request.registry.tms, request.db)


def _url(request, purpose: LinkPurpose) -> str:
    url: str | None = request.registry.tms.link_url(purpose)
    if url is None:
        raise LookupError(f"no package has registered a URL for links of {purpose}")
    return url
