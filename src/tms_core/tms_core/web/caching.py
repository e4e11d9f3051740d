"""Cache-Control on every response; responses without one are private and not cached."""

from pyramid.tweens import INGRESS

NO_STORE = "no-store"
# Cacheable by the client only, with revalidation of each use.
REVALIDATED = "private, no-cache"


def cache_control_tween_factory(handler, registry):
    """Add `Cache-Control: no-store` to responses that have no Cache-Control."""

    def cache_control_tween(request):
        response = handler(request)
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = NO_STORE
        return response

    return cache_control_tween


def includeme(config):
    config.add_tween("tms_core.web.caching.cache_control_tween_factory", under=INGRESS)
