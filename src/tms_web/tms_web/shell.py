"""The page of the web UI, which answers every path that belongs to no other resource; its scripts read the path."""

import hashlib
import json
import re

from pyramid.response import Response

from tms_core.web.site_files import add_open_route
from tms_web.assets import PREFIX
from tms_web.modules import Modules
from tms_web.policy import page_headers
from tms_web.settings import WebSettings

# Paths of the API and of files, and those that begin with «//», are never pages: 404 must be a problem document there.
PAGES = r"/{path:(?!/|(?:api|assets)(?:/|$)|metrics$).*}"
# In the text of a script element.
ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>TMS</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="{base}/favicon.ico">
<script data-base="{base}">{script}</script>
<script type="importmap">{import_map}</script>
{preloads}
{styles}
<script type="application/json" id="tms-config">{config}</script>
<script type="module" src="{entry}"></script>
</head>
<body>
<div id="app"></div>
<noscript>TMS needs JavaScript. Please turn it on for this site.</noscript>
</body>
</html>
"""


def page(request) -> Response:
    modules: Modules = request.registry.web_ui
    base = request.script_name
    shell = modules.shell
    import_map = script_json({"imports": modules.imports(base)})
    script = modules.inline_script()
    text = PAGE.format(
        base=base,
        styles="\n".join(f'<link rel="stylesheet" href="{url}">' for url in modules.styles(base)),
        import_map=import_map,
        preloads="\n".join(f'<link rel="modulepreload" href="{url}">' for url in modules.preloads(base)),
        config=script_json(modules.config(request)),
        script=script,
        entry=f"{base}{PREFIX}/{shell.package}/{shell.entry}",
    )
    body = text.encode()
    settings = request.registry.tms.settings(WebSettings)
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-cache"),
        ("ETag", f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'),
        *page_headers(inline=(script, import_map), connect=modules.connects(request), images=settings.images).items(),
    ]
    return Response(app_iter=[body], headerlist=headers)


def script_json(value: object) -> str:
    """Serialize to JSON that cannot end the script element that holds it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda found: ESCAPED[found[0]], text)


def includeme(config):
    config.registry.web_ui = Modules(config.registry.web_assets.frontends, config.registry.tms.registry)
    add_open_route(config, "tms_web.page", PAGES, page)
