"""The line of mail in the banner of `tms up`."""

from tms_core.commands.program import tms_command
from tms_core.runtime import Runtime
from tms_notifications.mailer import mail_folder
from tms_notifications.settings import NotificationSettings


def mail_line(runtime: Runtime) -> str:
    """Return where mails go."""
    transport = runtime.settings(NotificationSettings).transport
    if transport != "file":
        return f"by {transport}"
    return f"files in {mail_folder(runtime)}; read them with: {tms_command()} mail list"
