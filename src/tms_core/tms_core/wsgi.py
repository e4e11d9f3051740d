"""The application for WSGI servers that are given a factory: `gunicorn "tms_core.wsgi:application()"`."""

from tms_core.app import configure, default_ini, read_ini
from tms_core.logs import configure_logs


def application():
    """The system of the ini file that TMS_INI names (else development.ini in the working directory)."""
    path = default_ini()
    config = configure(read_ini(path), web=True, ini_path=path)
    configure_logs(config.registry.tms.core.log_format, "api")
    return config.make_wsgi_app()
