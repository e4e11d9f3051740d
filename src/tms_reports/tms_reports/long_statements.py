"""How long the statements of verification and rebuilding may take, which read or delete whole tables."""

from sqlalchemy import text
from sqlalchemy.orm import Session

# In seconds; enough for any table. Reports have shorter limits.
STATEMENT_TIMEOUT = 3600.0


def allow_long_statements(session: Session) -> None:
    """Set the limit for the present transaction."""
    session.execute(text(f"SET LOCAL statement_timeout = {int(STATEMENT_TIMEOUT * 1000)}"))
