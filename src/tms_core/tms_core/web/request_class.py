"""One class for all requests, with the attributes that packages add by `config.add_request_method`.

Pyramid creates a class per request for them, which takes a tenth of the time of a short request.
"""

from pyramid.interfaces import PHASE3_CONFIG, IRequestExtensions, IRequestFactory
from pyramid.request import Request

# After the actions of `add_request_method`.
ORDER = PHASE3_CONFIG + 100


def includeme(config):
    def build() -> None:
        registry = config.registry
        extensions = registry.queryUtility(IRequestExtensions)
        base = registry.queryUtility(IRequestFactory, default=Request)
        if extensions is None or not isinstance(base, type):
            return
        attributes = {**extensions.methods, **extensions.descriptors, "__module__": base.__module__}
        registry.registerUtility(type(base.__name__, (base,), attributes), IRequestFactory)
        # Those added later are applied to each request by Pyramid.
        extensions.methods.clear()
        extensions.descriptors.clear()

    config.action("request class", build, order=ORDER)
