"""The HTTP server of `tms api`: uvicorn with deadlines and bounds, before the WSGI application (docs/adr/0004)."""
