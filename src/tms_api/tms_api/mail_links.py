"""Mailed one-time links: asking for one, and using one."""

from tms_api.guards import key_of, link_guard
from tms_api.limiter import Limit
from tms_api.settings import ApiSettings
from tms_core.account_mail import TOKEN, AccountMailer, LinkRequest
from tms_core.errors import InvalidError, NotOfferedError
from tms_core.models import LinkPurpose, User
from tms_core.services.account_links import AccountLinkService
from tms_core.web.client_address import client_network

NO_MAILS = "This deployment sends no mails about accounts; an administrator can help."


def mailer_of(request) -> AccountMailer:
    """Raises `NotOfferedError` where no package sends mails about accounts."""
    mailer: AccountMailer | None = request.registry.tms.mailer
    if mailer is None:
        raise NotOfferedError(NO_MAILS)
    return mailer


def ask_for_link(request, purpose: LinkPurpose, email: str) -> None:
    """Have a link mailed to whoever has this address, without a look whether somebody has it; raises
    `TooManyRequestsError` where that was asked for too often."""
    settings = request.registry.tms.settings(ApiSettings)
    request.registry.limiter.count(
        Limit("mail-address", settings.limit_mail_address, client_network(request)),
        Limit("mail-account", settings.limit_mail_account, key_of(email)),
    )
    url = settings.password_reset_url if purpose is LinkPurpose.PASSWORD_RESET else settings.email_verification_url
    where = url.format(public_url=request.registry.tms.core.public_url, token=TOKEN)
    mailer_of(request).ask(request.db, LinkRequest(purpose, email, where))


def use_link(request, purpose: LinkPurpose, token: str) -> User:
    """Use a link up: its account, locked; raises `InvalidError` for a token that opens nothing."""
    links = AccountLinkService(request.db, request.registry.tms.core.jwt_key)
    user = link_guard(request).attempt(lambda: links.redeem(purpose, token))
    if user is None:
        raise InvalidError.of("token", "is not, or no longer, that of a link: ask for another one")
    return user
