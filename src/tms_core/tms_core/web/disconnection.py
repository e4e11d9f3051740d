"""Whether the client of a running request has disconnected, so that long work for it can stop."""

# The server's exchange as a weak reference (`tms_core.server.exchange`).
EXCHANGE = "tms.exchange"
# Waitress, https://docs.pylonsproject.org/projects/waitress/en/stable/api.html
WAITRESS = "waitress.client_disconnected"


def _client_disconnected(request) -> bool:
    """Return whether the client has disconnected; False if the server cannot tell. May be called by any thread."""
    if reference := request.environ.get(EXCHANGE):
        exchange = reference()
        return exchange is None or exchange.disconnected
    asked = request.environ.get(WAITRESS)
    return bool(asked and asked())


def includeme(config):
    config.add_request_method(_client_disconnected, "client_disconnected")
