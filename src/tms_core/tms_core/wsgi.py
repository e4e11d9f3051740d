"""The application factory for WSGI servers: `gunicorn "tms_core.wsgi:application()"`."""

from tms_core.app import default_ini, serve_ini


def application():
    """Return the application of the ini file in TMS_INI (default: development.ini in the working directory)."""
    return serve_ini(default_ini())
