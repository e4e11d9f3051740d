"""HTML pages that mailed links open where neither a setting nor a package names others (`tms_api.link_urls`).

The token is in the fragment of the link, so that no server or proxy logs it. A script sends it when the user presses
the button. A GET changes nothing, so programs that follow links have no effect. Since the server does not see the
token, the language of a page is that of the browser.
"""

from dataclasses import dataclass, replace

import orjson
from pyramid.response import Response

from tms_api.link_page_errors import AWAY, ERROR_TEXTS, OTHER
from tms_core.catalogues import N_, SOURCE, translations
from tms_core.web.openapi import ResponseDoc
from tms_core.web.pages import Field, Form, page

SCRIPT = """
const errorText = (problem) => {
  const errors = problem.errors || [];
  // A token of another form than those of links is as invalid as a used one.
  if (errors.some((one) => one.field === "token")) return ERRORS.link_invalid;
  const known = [...errors, problem].find((one) => Object.hasOwn(ERRORS, one.code));
  return known ? ERRORS[known.code].replace(/\\{(\\w+)\\}/g, (_, name) => known.params[name]) : TEXTS.other;
};
const form = document.querySelector("form"), output = document.querySelector("output");
const heading = document.querySelector("h1"), sentence = document.getElementById("sentence");
const button = form.querySelector("button");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  output.textContent = "";
  const token = new URLSearchParams(location.hash.slice(1)).get("token") || "";
  const body = JSON.stringify({...Object.fromEntries(new FormData(form)), token});
  const headers = {"Content-Type": "application/json"};
  try {
    const answer = await fetch(location.pathname, {method: "POST", headers, body});
    if (answer.ok) {
      form.hidden = true;
      heading.textContent = TEXTS.done;
      sentence.textContent = form.dataset.done;
    } else {
      output.textContent = errorText(await answer.json());
    }
  } catch {
    output.textContent = TEXTS.away;
  }
  button.disabled = false;
});
"""
SCRIPT_TEXTS = {"done": N_("Done"), "other": OTHER, "away": AWAY}
NOSCRIPT = N_("This page needs JavaScript.")
# Those with a catalogue, and English.
LANGUAGES = (SOURCE, "de")
HTML = ResponseDoc(str, "An HTML page.", content_types=("text/html",))


@dataclass(frozen=True, slots=True)
class LinkPage:
    heading: str
    sentence: str
    form: Form


PASSWORD_RESET = LinkPage(
    N_("A new password"),
    N_("Choose a new password for your account. All other sessions are signed out."),
    Form(
        N_("Set the password"),
        (Field("password", N_("New password"), "password", N_("at least 8 characters"), "new-password", 8),),
        N_("Your password is set. You can sign in with it."),
    ),
)
EMAIL_VERIFICATION = LinkPage(
    N_("Your e-mail address"),
    N_("Confirm that you receive mail at this address."),
    Form(N_("Yes, this address is mine"), done=N_("Your address is verified. You can close this page.")),
)
EMAIL_CHANGE = LinkPage(
    N_("Undo the change of your e-mail address"),
    N_("If you did not change it yourself, somebody else has access to your account."),
    Form(
        N_("Restore my address"),
        done=N_(
            "Your account has its previous address again, and all sessions are signed out. You will receive a mail "
            "with a link to set a new password."
        ),
    ),
)


def link_page(request, content: LinkPage) -> Response:
    """Return the page in the language that the browser prefers."""
    language = request.accept_language.lookup(LANGUAGES, default=SOURCE)
    catalogue = translations("tms_api", language)

    def text(message: str) -> str:
        # The translation of an empty text would be the catalogue's header.
        return message and catalogue.gettext(message)

    fields = [replace(one, label=text(one.label), hint=text(one.hint)) for one in content.form.fields]
    form = Form(text(content.form.button), fields, text(content.form.done))
    texts = orjson.dumps({name: text(one) for name, one in SCRIPT_TEXTS.items()}).decode()
    errors = orjson.dumps({code.name: text(one) for code, one in ERROR_TEXTS.items()}).decode()
    return page(
        text(content.heading),
        text(content.sentence),
        form=form,
        script=f"const TEXTS = {texts}, ERRORS = {errors};{SCRIPT}",
        language=language,
        noscript=text(NOSCRIPT),
    )
