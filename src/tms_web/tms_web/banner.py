"""The lines of the web UI in the banner of `tms up`."""

from sqlalchemy.exc import SQLAlchemyError

from tms_core.runtime import Runtime
from tms_web.services.first_start import create_service


def address(runtime: Runtime) -> str:
    return f"{runtime.core.local_api_url}/"


def first_start(runtime: Runtime) -> str | None:
    """Return a link that creates the administrator's account, once; None if there is an administrator."""
    try:
        with runtime.transaction() as session:
            code = create_service(runtime, session).new_code()
    except SQLAlchemyError:
        # Errors must not stop a running system.
        return None
    finally:
        runtime.close()
    # After «#», so that the code is in no log.
    return f"{runtime.core.local_api_url}/first-start#code={code}" if code else None
