"""The pages of the unsubscribe link, in the language of the user's mails.

Imports Babel, so web processes import this module when the first page is asked for.
"""

from pyramid.response import Response

from tms_core.catalogues import N_
from tms_core.web.pages import Form, page
from tms_notifications.languages import language

KINDS = {
    "assigned": N_("tasks assigned to you"),
    "updated": N_("changes of your tasks"),
    "due_soon": N_("due tasks"),
    "all": N_("tasks"),
}
ASK = N_("Unsubscribe"), N_("Mails about {kind} will no longer be sent to you. Other mails still come.")
DONE = N_("Unsubscribed"), N_("You get no more mails about {kind}.")
BAD_LINK = (
    N_("This link does not work"),
    N_("It is incomplete, or not from a mail of this deployment. Open it from the mail again."),
)
UNAVAILABLE = N_("The server is not available"), N_("Open the link from the mail again in a minute.")
BUTTON = N_("Send me no more of these")


def ask_page(code: str, kind: str) -> Response:
    """Return the page with the button; `kind` is a key of `KINDS`, `code` one of `LANGUAGES`."""
    return _page(code, ASK, kind, form=Form(language(code).text(BUTTON)))


def done_page(code: str, kind: str) -> Response:
    """Return the page that confirms the change."""
    return _page(code, DONE, kind)


def bad_link_page(code: str) -> Response:
    """Return the page of a link without a valid token."""
    return _page(code, BAD_LINK, status=400)


def unavailable_page(code: str, status: int) -> Response:
    """Return the page of an error of the database."""
    return _page(code, UNAVAILABLE, status=status)


def _page(
    code: str, texts: tuple[str, str], kind: str | None = None, *, form: Form | None = None, status: int = 200
) -> Response:
    text = language(code).text
    heading, sentence = map(text, texts)
    if kind is not None:
        sentence = sentence.format(kind=text(KINDS[kind]))
    return page(heading, sentence, form=form, status=status, language=code)
