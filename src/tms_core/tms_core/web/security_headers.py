"""Security headers of every response."""

from tms_core.settings import CoreSettings

HSTS = "max-age=31536000"


def security_headers(core: CoreSettings) -> dict[str, str]:
    headers = {"X-Content-Type-Options": "nosniff"}
    if core.public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = HSTS
    return headers


def security_headers_tween_factory(handler, registry):
    headers = tuple(security_headers(registry.tms.core).items())

    def security_headers_tween(request):
        response = handler(request)
        # Not by `update`, which is slow.
        for name, value in headers:
            response.headers[name] = value
        return response

    return security_headers_tween
