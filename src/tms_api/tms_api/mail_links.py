"""Mailed one-time links: asking for one, and using one."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from tms_api.attempt_limits import key_of, link_attempt_limits, unless_known
from tms_api.known_clients import client_known_by_name
from tms_api.limiter import Limit
from tms_api.settings import ApiSettings
from tms_core.account_mail import AccountMailer, EmailChangeNotice, LinkRequest
from tms_core.errors import InvalidError, NotOfferedError, TooManyRequestsError
from tms_core.models import LinkPurpose, User
from tms_core.services.account_links import AccountLinkService
from tms_core.web.client_address import client_network

T = TypeVar("T")
NO_MAILS = "This deployment sends no mails about accounts; an administrator can help."


def mailer_of(request) -> AccountMailer:
    """Raises `NotOfferedError` where no package sends mails about accounts."""
    mailer: AccountMailer | None = request.registry.tms.mailer
    if mailer is None:
        raise NotOfferedError(NO_MAILS)
    return mailer


def ask_for_reset_link(request, email: str) -> None:
    """Have a link for a new password mailed to whoever has this address, without a look whether somebody has it;
    raises `TooManyRequestsError` where that was asked for too often. What others ask for does not keep the owner from
    it: that counts by their networks, and where all together ask for too many, a known client still gets its own."""
    settings = request.registry.tms.settings(ApiSettings)
    client, network, account = client_known_by_name(request, email), client_network(request), key_of(email)
    if client.device:
        request.registry.limiter.count(Limit("mail-device", settings.limit_mail_account, client.device))
    else:
        everywhere = Limit("mail-account-everywhere", settings.limit_mail_account_everywhere, account)
        request.registry.limiter.count(
            Limit("mail-address", settings.limit_mail_address, network),
            Limit("mail-account", settings.limit_mail_account, f"{account}@{network}"),
            *unless_known(request, everywhere, client),
        )
    mail_link(request, LinkPurpose.PASSWORD_RESET, email)


def ask_for_verification_link(request, email: str) -> None:
    """Have a link mailed to the present address of the user who is signed in; raises `TooManyRequestsError` where that
    was asked for too often, by this user or for this address by all who had it. Requests for reset links do not
    count."""
    settings = request.registry.tms.settings(ApiSettings)
    request.registry.limiter.count(
        Limit("verification-address", settings.limit_mail_address, client_network(request)),
        Limit("verification-user", settings.limit_mail_account, str(request.actor.id)),
        Limit("verification-account", settings.limit_mail_account_everywhere, key_of(email)),
    )
    mail_link(request, LinkPurpose.EMAIL_VERIFICATION, email)


def mail_link(request, purpose: LinkPurpose, email: str) -> None:
    """Have a link mailed without a limit: to one who has just proved to read the address, or behind the limits."""
    mailer_of(request).ask(request.db, LinkRequest(purpose, email, _url(request, purpose)))


def tell_of_email_change(request, user: User, old_email: str) -> None:
    """Tell the old address of a change, with a link that takes it back. There is none where an administrator changed
    another's address: that is how an account is taken away from who reads the old one."""
    mailer: AccountMailer | None = request.registry.tms.mailer
    if mailer is None:
        return
    by_owner = request.actor.id == user.id
    link_id = _links(request).create_for_change(user, old_email).id if by_owner else None
    url = _url(request, LinkPurpose.EMAIL_CHANGE)
    mailer.tell_of_email_change(request.db, EmailChangeNotice(user.id, old_email, link_id, url))


def ask_for_proof(request, email: str) -> None:
    """Have a link mailed that proves a new address, where mails are sent and not too many were asked for: without
    proof no link for a new password goes there."""
    if request.registry.tms.mailer is not None:
        with suppress(TooManyRequestsError):
            ask_for_verification_link(request, email)


def prove_address(request, user: User) -> None:
    """Have a link mailed to the address of a new account, where mails wait for its proof. Raises
    `TooManyRequestsError`, since whoever registers need not be who reads the mails."""
    mailer: AccountMailer | None = request.registry.tms.mailer
    if mailer is None or not mailer.proves_addresses or not user.email or user.email_verified:
        return
    settings = request.registry.tms.settings(ApiSettings)
    request.registry.limiter.count(
        Limit("verification-address", settings.limit_mail_address, client_network(request)),
        Limit("verification-account", settings.limit_mail_account_everywhere, key_of(user.email)),
    )
    mail_link(request, LinkPurpose.EMAIL_VERIFICATION, user.email)


def use_link(request, purpose: LinkPurpose, token: str) -> User:
    """Use a link up: its account, locked; raises `InvalidError` for a token that opens nothing."""
    return _opened(request, lambda: _links(request).redeem(purpose, token))


def use_change_link(request, token: str) -> tuple[User, str]:
    """Use a link up that takes a change of address back: its account, locked, and the address it had."""
    return _opened(request, lambda: _links(request).redeem_change(token))


def _opened(request, redeem: Callable[[], T | None]) -> T:
    found = link_attempt_limits(request).attempt(redeem)
    if found is None:
        raise InvalidError.of("token", "is not, or no longer, that of a link: ask for another one")
    return found


def _links(request) -> AccountLinkService:
    return AccountLinkService(request.db, request.registry.tms.core.jwt_key)


def _url(request, purpose: LinkPurpose) -> str:
    url: str | None = request.registry.tms.link_url(purpose)
    if url is None:
        raise LookupError(f"no package says where links for {purpose} lead")
    return url
