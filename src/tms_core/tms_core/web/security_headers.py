"""Security headers of every response."""

from tms_core.settings import CoreSettings

HSTS = "max-age=31536000"


def security_headers(core: CoreSettings) -> dict[str, str]:
    headers = {"X-Content-Type-Options": "nosniff"}
    if core.public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = HSTS
    return headers


def security_headers_tween_factory(handler, registry):
    headers = security_headers(registry.tms.core)

    def security_headers_tween(request):
        response = handler(request)
        response.headers.update(headers)
        return response

    return security_headers_tween
