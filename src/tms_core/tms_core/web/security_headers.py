"""Security headers of every response."""

HSTS = "max-age=31536000"


def security_headers_tween_factory(handler, registry):
    headers = {"X-Content-Type-Options": "nosniff"}
    if registry.tms.core.public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = HSTS

    def security_headers_tween(request):
        response = handler(request)
        response.headers.update(headers)
        return response

    return security_headers_tween
