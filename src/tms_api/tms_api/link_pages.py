"""The pages that mailed links open where no web interface has its own (`tms.api.password_reset_url` names another).

The token stands behind the # of the link, so no server and no proxy on the way writes it into its log; the page's
script sends it when its reader presses the button. Programs that only follow links change nothing.
"""

from dataclasses import dataclass

from pyramid.response import Response

from tms_core.web.openapi import Answer
from tms_core.web.pages import Field, Form, page

SCRIPT = """
const form = document.querySelector("form"), said = document.querySelector("output");
const heading = document.querySelector("h1"), sentence = document.getElementById("sentence");
const button = form.querySelector("button");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  said.textContent = "";
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
      said.textContent = isUsed ? "This link was used already, or is too old. Ask for another one." : problem.detail;
    }
  } catch {
    said.textContent = "The server does not answer. Try again in a minute.";
  }
  button.disabled = false;
});
"""
HTML = Answer(str, "A page to look at.", content_types=("text/html",))


@dataclass(frozen=True, slots=True)
class LinkPage:
    heading: str
    sentence: str
    form: Form


PASSWORD_RESET = LinkPage(
    "A new password",
    "Choose a new password for your account. It ends all other logins.",
    Form(
        "Set the password",
        (Field("password", "New password", "password", "at least 8 characters", "new-password", 8),),
        "Your password is set; sign in with it.",
    ),
)
EMAIL_VERIFICATION = LinkPage(
    "Your e-mail address",
    "Confirm that mails about your tasks reach you at this address.",
    Form("Yes, this address is mine", done="Your address is verified. You can close this page."),
)
EMAIL_CHANGE = LinkPage(
    "Take the change of your e-mail address back",
    "If you did not change it yourself, somebody else has been in your account.",
    Form(
        "Yes, give me my account back",
        done="Your account has its old address again, and everyone is signed out of it. A mail with a link for a new "
        "password is on its way to you.",
    ),
)


def link_page(what: LinkPage) -> Response:
    return page(what.heading, what.sentence, form=what.form, script=SCRIPT)
