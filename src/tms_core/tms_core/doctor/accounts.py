from collections.abc import Iterator

from sqlalchemy import and_, func, or_, select

from tms_core.doctor.findings import Finding, fine, warning
from tms_core.models import User
from tms_core.runtime import Runtime
from tms_core.sanitizing import one_line

MAX_NAMED = 10


def check_accounts(runtime: Runtime) -> Iterator[Finding]:
    """Report accounts whose user name or address differs from another account's only in spelling."""
    lacks_key = or_(User.username_key.is_(None), and_(User.email.is_not(None), User.email_key.is_(None)))
    criterion = and_(lacks_key, User.deleted_at.is_(None))
    with runtime.transaction() as session:
        count = session.scalar(select(func.count()).select_from(User).where(criterion)) or 0
        named = session.execute(select(User.id, User.username).where(criterion).order_by(User.id).limit(MAX_NAMED))
        names = ", ".join(f"{row.id} ({one_line(row.username)})" for row in named)
    if not count:
        yield fine("each name and address is one account's")
        return
    more = f" and {count - MAX_NAMED} more" if count > MAX_NAMED else ""
    yield warning(
        f"the user name or address of account {names}{more} is another account's in another spelling",
        "each signs in by its own spelling; give it another name or address, or delete the one that is not used.",
    )
