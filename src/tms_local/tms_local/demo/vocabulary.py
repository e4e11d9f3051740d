"""The vocabulary of demo tasks: kinds of work with title and description templates."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work. Titles and sentences have the placeholders `{thing}` and `{place}`; an ending is appended to each
    title."""

    weight: int
    titles: tuple[str, ...]
    things: tuple[str, ...]
    places: tuple[str, ...]
    ends: tuple[str, ...]
    sentences: tuple[str, ...]


CUSTOMERS = (
    "Alder & Finch", "Blue Harbour", "Cedar Dental", "Delta Freight", "Elm Street Bakery", "Fjord Energy",
    "Granite Insurance", "Hillside Clinic", "Iris Optics", "Juniper Hotels", "Kestrel Air", "Lakeview School",
    "Maple Foods", "Northwind Rail", "Orchard Bank", "Pinewood Library",
)  # fmt: skip
COMPONENTS = (
    "the login page", "the invoice export", "the mobile app", "the search", "the settings page", "the mail digest",
    "the billing service", "the calendar", "the customer portal", "the file upload", "the weekly report",
    "the public API",
)  # fmt: skip

# Most titles have no ending.
FOR_CUSTOMERS = (*("",) * 16, *(f" for {name}" for name in CUSTOMERS))
IN_TIME = (*("",) * 8, *(f" (week {week})" for week in range(1, 27)))

KINDS = (
    Kind(
        28,
        ("Fix {thing} in {place}", "{thing} in {place}: find the cause", "Reproduce {thing} in {place}"),
        ("the time-out", "the broken link", "the wrong total", "the missing translation", "the slow query",
         "the duplicate entries", "the layout on small screens", "the crash on empty input", "the 500 error",
         "the wrong time zone", "the memory leak", "the stale cache"),
        COMPONENTS,
        FOR_CUSTOMERS,
        ("Two customers reported it this week.", "It happens about once in fifty tries, more often under load.",
         "The log has a stack trace, see the attachment.", "It began with the last release.",
         "Add a test that fails first.", "A screenshot is in the support ticket.",
         "Please write down how to reproduce it, even if the cause stays open."),
    ),
    Kind(
        22,
        ("Add {thing} to {place}", "Design {thing} for {place}", "Try out {thing} in {place}"),
        ("keyboard shortcuts", "a dark theme", "bulk editing", "an undo button", "filters that can be saved",
         "an export to CSV", "inline comments", "two-factor login", "a progress bar", "drag and drop",
         "an audit log", "email reminders"),
        COMPONENTS,
        FOR_CUSTOMERS,
        ("Start with the smallest version that is useful.", "The sketch is in the design folder.",
         "Talk to support first: they know who asked for it.", "It should work without a mouse too.",
         "Keep it behind a switch until the release.", "Ask three customers to try it before we announce it."),
    ),
    Kind(
        16,
        ("Prepare {thing} for {place}", "Send {thing} to {place}", "Discuss {thing} with {place}"),
        ("the offer", "the renewal contract", "the quarterly review", "the onboarding plan", "the training session",
         "the security questionnaire", "the price list", "the migration plan", "the project summary"),
        CUSTOMERS,
        IN_TIME,
        ("They would like to hear from us before the end of the week.", "Last year's version is a good start.",
         "Legal has to read it before it goes out.", "Their new contact joins the call.",
         "Agree on the next date at the end.", "Keep it to two pages."),
    ),
    Kind(
        12,
        ("Review {thing} from {place}", "Answer {thing} from {place}", "Follow up on {thing} from {place}"),
        ("the complaint", "the feature request", "the support ticket", "the invoice question", "the feedback",
         "the data request", "the bug report"),
        CUSTOMERS,
        IN_TIME,
        ("They have been waiting since last week.", "A short answer is enough, a clear one matters more.",
         "See the history in the support tool before you call.", "If it needs engineering, make a task of its own."),
    ),
    Kind(
        12,
        ("Update {thing} {place}", "Check {thing} {place}", "Automate {thing} {place}"),
        ("the backups", "the certificates", "the access rights", "the dashboards", "the dependencies",
         "the firewall rules", "the on-call plan", "the log retention", "the staging data"),
        ("for the database servers", "before the release", "for the new office", "after the incident",
         "on the build machines", "for the audit", "in the second data centre"),
        IN_TIME,
        ("Do it outside of business hours.", "The runbook has the steps; mend it where it is out of date.",
         "Tell the team in the channel before and after.", "Restore one as a test, otherwise it does not count."),
    ),
    Kind(
        10,
        ("Write {thing} {place}", "Proofread {thing} {place}", "Publish {thing} {place}"),
        ("the release notes", "the help page", "the blog post", "the job advert", "the meeting notes",
         "the newsletter", "the how-to guide", "the internal FAQ"),
        ("for the spring release", "about the new pricing", "for new colleagues", "about the customer portal",
         "for the partner programme", "about the outage"),
        IN_TIME,
        ("Plain words, short sentences, one picture.", "Have somebody from another team read it.",
         "The draft is in the shared folder.", "Link to it from the start page when it is out."),
    ),
)  # fmt: skip
