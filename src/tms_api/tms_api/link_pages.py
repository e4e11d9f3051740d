"""HTML pages that mailed links open where neither a setting nor a package names others (`tms_api.link_urls`).

The token is in the fragment of the link, so that no server or proxy logs it. A script sends it when the user presses
the button. A GET changes nothing, so programs that follow links have no effect.
"""

from dataclasses import dataclass

from pyramid.response import Response

from tms_core.web.openapi import ResponseDoc
from tms_core.web.pages import Field, Form, page

SCRIPT = """
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
      heading.textContent = "Done";
      sentence.textContent = form.dataset.done;
    } else {
      const problem = await answer.json();
      const isUsed = (problem.errors || []).some((one) => one.field === "token");
      output.textContent = isUsed ? "This link has been used or has expired. Request another one." : problem.detail;
    }
  } catch {
    output.textContent = "The server does not respond. Try again in a minute.";
  }
  button.disabled = false;
});
"""
HTML = ResponseDoc(str, "An HTML page.", content_types=("text/html",))


@dataclass(frozen=True, slots=True)
class LinkPage:
    heading: str
    sentence: str
    form: Form


PASSWORD_RESET = LinkPage(
    "A new password",
    "Choose a new password for your account. All other sessions are signed out.",
    Form(
        "Set the password",
        (Field("password", "New password", "password", "at least 8 characters", "new-password", 8),),
        "Your password is set. You can sign in with it.",
    ),
)
EMAIL_VERIFICATION = LinkPage(
    "Your e-mail address",
    "Confirm that you receive mail at this address.",
    Form("Yes, this address is mine", done="Your address is verified. You can close this page."),
)
EMAIL_CHANGE = LinkPage(
    "Undo the change of your e-mail address",
    "If you did not change it yourself, somebody else has access to your account.",
    Form(
        "Restore my address",
        done="Your account has its previous address again, and all sessions are signed out. You will receive a mail "
        "with a link to set a new password.",
    ),
)


def link_page(content: LinkPage) -> Response:
    return page(content.heading, content.sentence, form=content.form, script=SCRIPT)
