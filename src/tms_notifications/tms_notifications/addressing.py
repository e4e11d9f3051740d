"""The deployment's name in mails."""

from urllib.parse import urlsplit

from tms_core.runtime import Runtime


def mail_host(runtime: Runtime) -> str:
    """The host of `tms.public_url`: message ids end in it, and mail servers are greeted with it."""
    host = urlsplit(runtime.core.public_url).hostname or "localhost"
    return host.encode("idna").decode()
