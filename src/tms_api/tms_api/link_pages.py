"""The pages that mailed links open where no web interface has its own (`tms.api.password_reset_url` names another).

The token stands behind the # of the link, so no server and no proxy on the way writes it into its log; the page's
script sends it when its reader presses the button. Programs that only follow links change nothing.
"""

import base64
import hashlib

from pyramid.response import Response

from tms_core.web.openapi import Answer

SCRIPT = """
const form = document.querySelector("form"), said = document.querySelector("output");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = new URLSearchParams(location.hash.slice(1)).get("token") || "";
  const body = JSON.stringify({...Object.fromEntries(new FormData(form)), token});
  const headers = {"Content-Type": "application/json"};
  try {
    const answer = await fetch(location.pathname, {method: "POST", headers, body});
    if (answer.ok) form.hidden = true;
    said.textContent = answer.ok ? form.dataset.done : (await answer.json()).detail;
  } catch {
    said.textContent = "The server does not answer. Try again in a minute.";
  }
});
"""
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>TMS</title>
<body>
<h1>{title}</h1>
<form data-done="{done}">{fields} <button>{button}</button></form>
<p><output></output></p>
<noscript><p>This page needs JavaScript.</p></noscript>
<script>{script}</script>
"""
HTML = Answer(str, "A page to look at.", content_types=("text/html",))
PASSWORD_RESET = {
    "title": "A new password",
    "fields": '<label>New password <input type="password" name="password" minlength="8" required'
    ' autocomplete="new-password"></label>',
    "button": "Set it",
    "done": "Your password is set; sign in with it.",
}
EMAIL_VERIFICATION = {
    "title": "Your e-mail address",
    "fields": "",
    "button": "Yes, this address is mine",
    "done": "Your address is verified.",
}
EMAIL_CHANGE = {
    "title": "Take the change of your e-mail address back",
    "fields": "",
    "button": "Yes, give me my account back",
    "done": "Your account has its old address again, and everyone is signed out of it. A mail with a link for a new "
    "password is on its way to you.",
}
HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; script-src 'sha256-{HASH}'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def link_page(words: dict[str, str]) -> Response:
    response = Response(PAGE.format(**words, script=SCRIPT), content_type="text/html", charset="utf-8")
    response.headers.update(HEADERS)
    return response
