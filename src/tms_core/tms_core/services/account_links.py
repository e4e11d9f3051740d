"""One-time links: in mails, which prove access to the mailbox of the account's address, or handed over by an
administrator."""

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from tms_core.auth.hashing import sha256_of
from tms_core.error_codes import LINK_EXPIRED, LINK_OUTDATED, LINK_USED, ErrorCode
from tms_core.errors import InvalidError
from tms_core.identity.email_addresses import email_key
from tms_core.models import AccountLink, LinkPurpose, User
from tms_core.runtime import Runtime
from tms_core.services.account_lookup import account_with_email
from tms_core.services.user_lock import lock_user

LIFE = {
    LinkPurpose.PASSWORD_RESET: timedelta(hours=1),
    LinkPurpose.EMAIL_VERIFICATION: timedelta(hours=24),
    LinkPurpose.EMAIL_CHANGE: timedelta(days=7),
}
SEED_BYTES = 32
REFUSALS: dict[ErrorCode, str] = {
    LINK_USED: "is the token of a link that has been used or replaced: request another one",
    LINK_EXPIRED: "is the token of a link that has expired: request another one",
    LINK_OUTDATED: "is the token of a link to an address that the account no longer has",
}


class AccountLinkService:
    """Creates and redeems links; never commits.

    The token of a link is derived from the deployment's key and the link's seed. A copy of the database alone reveals
    no token, and a mail that is sent again contains the same one.
    """

    def __init__(self, session: Session, key: str):
        self._session = session
        # A key for this purpose only, derived from the one that signs access tokens.
        self._key = hmac.digest(key.encode(), b"tms.account_link", hashlib.sha256)
        # Tells the tokens of links that were not mailed apart: these prove no access to a mailbox.
        self._unmailed_key = hmac.digest(key.encode(), b"tms.account_link.unmailed", hashlib.sha256)

    def create(self, purpose: LinkPurpose, email: str) -> AccountLink | None:
        """Create a link for the active account with this address.

        Returns None if there is no such account, or if the address is not trusted for this purpose.
        """
        user = account_with_email(self._session, email)
        if user is None or not user.is_active or user.email is None:
            return None
        # A changed address may be a thief's, or a mistake, until it is verified.
        if purpose is LinkPurpose.PASSWORD_RESET and user.email_changed_at and not user.email_verified:
            return None
        return self._create(user, purpose, user.email)

    def create_for_change(self, user: User, old_email: str) -> AccountLink:
        """Create a link that restores the account's previous address, which is reserved until the link expires."""
        return self._create(user, LinkPurpose.EMAIL_CHANGE, old_email, reserved_key=email_key(old_email))

    def create_unmailed(self, user: User) -> tuple[AccountLink, str]:
        """Create a password reset link for an administrator to hand over; return it and its token.

        Using it does not verify the account's address.
        """
        link = self._create(user, LinkPurpose.PASSWORD_RESET, user.email or "", key=self._unmailed_key)
        return link, self._token(link.seed, self._unmailed_key)

    def _create(
        self,
        user: User,
        purpose: LinkPurpose,
        email: str,
        reserved_key: str | None = None,
        key: bytes | None = None,
    ) -> AccountLink:
        seed = secrets.token_bytes(SEED_BYTES)
        link = AccountLink(
            user_id=user.id,
            purpose=purpose,
            email=email,
            seed=seed,
            digest=sha256_of(self._token(seed, key)),
            expires_at=datetime.now(UTC) + LIFE[purpose],
            reserved_key=reserved_key,
        )
        self._session.add(link)
        self._session.flush()
        self._session.refresh(link)
        return link

    def token(self, link_id: int) -> str | None:
        """Return the token of a link, or None if the link can no longer be used."""
        link = self._session.get(AccountLink, link_id)
        if link is None or not self._user_of(link).is_active or self._refusal_of(link):
            return None
        token = self._token(link.seed)
        # After a change of the key, the seed yields a token that does not match.
        return token if sha256_of(token) == link.digest else None

    def redeem(self, purpose: LinkPurpose, token: str) -> User | None:
        """Use a link up and return its account, locked; None if the token is unknown or the account is inactive.

        Raises `InvalidError` if the link was valid once. Only who has its token learns why it no longer is.
        """
        link = self._redeemed(purpose, token)
        if link is None:
            return None
        user = self._session.get_one(User, link.user_id)
        is_mailed = token == self._token(link.seed)
        if is_mailed and not user.email_verified:
            user.email_verified_at = func.now()
        return user

    def redeem_change(self, token: str) -> tuple[User, str] | None:
        """As `redeem`, for a link that reverts a change of address; returns the previous address, too.

        Links of later changes expire, because they were sent to addresses that are reverted with this one.
        """
        link = self._redeemed(LinkPurpose.EMAIL_CHANGE, token)
        if link is None:
            return None
        end_links(self._session, link.user_id, LinkPurpose.EMAIL_CHANGE, AccountLink.id > link.id)
        return self._session.get_one(User, link.user_id), link.email

    def _redeemed(self, purpose: LinkPurpose, token: str) -> AccountLink | None:
        link = self._session.scalar(
            select(AccountLink).where(AccountLink.digest == sha256_of(token), AccountLink.purpose == purpose)
        )
        if link is None:
            return None
        # Lock the account first, as everywhere. Of two concurrent uses, the second waits here and finds the link used.
        lock_user(self._session, link.user_id)
        self._session.refresh(link)
        if not self._user_of(link).is_active:
            return None
        if refusal := self._refusal_of(link):
            raise InvalidError.of("token", REFUSALS[refusal], refusal)
        link.used_at = func.clock_timestamp()
        return link

    def _user_of(self, link: AccountLink) -> User:
        return self._session.get_one(User, link.user_id, populate_existing=True)

    def _refusal_of(self, link: AccountLink) -> ErrorCode | None:
        """Return why the link cannot be used, or None if it can."""
        if link.used_at is not None:
            return LINK_USED
        if link.expires_at <= datetime.now(UTC):
            return LINK_EXPIRED
        # After a change of address, the old mailbox proves only that the change may be reverted.
        is_current = link.purpose is LinkPurpose.EMAIL_CHANGE or self._user_of(link).email == link.email
        return None if is_current else LINK_OUTDATED

    def _token(self, seed: bytes, key: bytes | None = None) -> str:
        return base64.urlsafe_b64encode(hmac.digest(key or self._key, seed, hashlib.sha256)).decode().rstrip("=")


def create_service(runtime: Runtime, session: Session) -> AccountLinkService:
    return AccountLinkService(session, runtime.core.jwt_key)


def end_links(session: Session, user_id: int, purpose: LinkPurpose, *criteria: ColumnElement[bool]) -> None:
    """Expire all links of a user for a purpose, or those that match the criteria."""
    session.execute(
        update(AccountLink)
        .where(AccountLink.user_id == user_id, AccountLink.purpose == purpose, AccountLink.used_at.is_(None), *criteria)
        .values(used_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )
