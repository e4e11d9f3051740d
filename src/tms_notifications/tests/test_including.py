"""Including the package imports no heavy modules; in particular, the reactor process must not import Celery."""

import subprocess
import sys

PROGRAM = """
import sys
from tms_core.app import configure
configure({"pyramid.includes": "tms_notifications tms_local", "tms.environment": "development",
           "tms.notifications.transport": "file"}, web=False)
HEAVY = {"babel", "celery", "cornice", "css_inline", "jinja2", "kombu", "smtplib", "tms_notifications.sink"}
print(*sorted(HEAVY & sys.modules.keys()))
"""


def test_including_the_package_does_not_import_celery():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""
