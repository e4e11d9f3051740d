"""The application for WSGI servers that are given a factory: `gunicorn "tms_core.wsgi:application()"`."""

from tms_core.app import default_ini, serve_ini


def application():
    """The system of the ini file that TMS_INI names (else development.ini in the working directory)."""
    return serve_ini(default_ini())
