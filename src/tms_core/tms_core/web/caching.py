"""Cache-Control on every answer: what does not say how it may be kept is personal, and not kept."""

from pyramid.tweens import INGRESS

NO_STORE = "no-store"


def cache_control_tween_factory(handler, registry):
    """Adds `Cache-Control: no-store` to each answer that has no Cache-Control of its own."""

    def cache_control_tween(request):
        response = handler(request)
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = NO_STORE
        return response

    return cache_control_tween


def includeme(config):
    config.add_tween("tms_core.web.caching.cache_control_tween_factory", under=INGRESS)
