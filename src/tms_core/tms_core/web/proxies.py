"""Behind a proxy that ends TLS: links in answers begin as the client's address did."""

from pyramid.tweens import INGRESS


def scheme_tween_factory(handler, registry):
    def scheme_tween(request):
        # No matter who says so: pages are kept by scheme and host, so who lies gets wrong links, and nobody else.
        if request.environ.get("HTTP_X_FORWARDED_PROTO") == "https":
            request.scheme = "https"
        return handler(request)

    return scheme_tween


def includeme(config):
    config.add_tween("tms_core.web.proxies.scheme_tween_factory", under=INGRESS)
