"""Tasks of a team that prepares a release: due dates around today, every status and priority, Markdown, long titles."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tms_core.models import Priority, Status
from tms_local.demo.tasks import DemoTask

LOW, MEDIUM, HIGH, URGENT = Priority
PENDING, STARTED, DONE, ARCHIVED = Status

CHECKLIST = """## What has to be true

- [x] The migration runs on a copy of the production data
- [x] Support has read the release notes
- [ ] The **rollback** was tried once, by somebody who did not write it
- [ ] Nobody is on holiday who would be needed

Start at `09:00`. The order of the steps:

1. Announce it in the channel
2. `tms migrate`
3. Restart the processes, *one after the other*
"""
CRASH = """The page of an empty customer shows an error instead of the list.

```
TypeError: cannot read properties of undefined (reading 'name')
    at customerRow (list.js:42)
```

> It happens only for customers without a contact. Two of them wrote to us this week.

Steps: open **Customers**, search for `Kestrel`, click the first result.
"""
INTERVIEWS = """Notes of the first three interviews:

| who | what they liked | what they missed |
|---|---|---|
| Northwind Rail | the calendar | reminders by mail |
| Maple Foods | search | an export |
| Hillside Clinic | keyboard shortcuts | a dark theme |

The questions are in [the guide](https://example.com/interview-guide).
"""
PLAN = """### Goals of the quarter

- Shorten the time from a report to a fix to **two days**
- Answer every customer within one working day
- One release every two weeks

*Numbers follow when the last report is in.*
"""
LONG = (
    "Find out why the monthly invoice of customers who changed their contract in the middle of a billing period shows "
    "the old price for the whole month, and propose how to correct those already sent"
)


class TeamTask(NamedTuple):
    """A task by days relative to today, and by places in the list of users: None is nobody."""

    title: str
    priority: Priority
    status: Status
    due: int | None
    assignee: int | None
    age: int
    description: str = ""


# The last ones stand first in the list, which begins with the newest.
TEAM_TASKS = (
    TeamTask("Agree on the goals of the quarter", HIGH, ARCHIVED, -20, 0, 44, PLAN),
    TeamTask("Choose the venue for the customer day", LOW, ARCHIVED, -12, 3, 40),
    TeamTask(
        "Translate the help pages into German", MEDIUM, DONE, -6, 4, 30, "All but the glossary, which comes later."
    ),
    TeamTask("Replace the certificate of the mail server", URGENT, DONE, -4, 1, 12),
    TeamTask(
        "Compare two providers of text messages", LOW, STARTED, None, 2, 21, "Price per message, and where they are."
    ),
    TeamTask("Think about an archive of old projects", LOW, PENDING, None, None, 33),
    TeamTask("Write down how new colleagues get their accounts", MEDIUM, PENDING, None, 0, 16),
    TeamTask("Organise the summer party", LOW, PENDING, 75, 5, 20, "Last year there were too few vegetarian dishes."),
    TeamTask("Renew the contract with Granite Insurance", MEDIUM, PENDING, 33, 0, 15),
    TeamTask("Plan the move to the new data centre", HIGH, PENDING, 16, 1, 18, "Costs, dates, *who is on call*."),
    TeamTask(
        "Sketch drag and drop for the mobile app", MEDIUM, STARTED, 9, 4, 13, "Ask **three** customers to try it."
    ),
    TeamTask("Collect topics for the retrospective", LOW, PENDING, 5, 0, 2),
    TeamTask("Review the security questionnaire of Orchard Bank", HIGH, PENDING, 4, None, 7),
    TeamTask("Prepare the training session for Maple Foods", MEDIUM, STARTED, 3, 3, 11),
    TeamTask("Try the restore of last night's backup", HIGH, PENDING, 2, 1, 10),
    TeamTask("Proofread the release notes", MEDIUM, PENDING, 1, 2, 4, "Plain words, short sentences, one picture."),
    TeamTask("Release version 2.4", URGENT, PENDING, 1, 0, 14, CHECKLIST),
    TeamTask("Book the train for the trade fair", LOW, PENDING, 0, 5, 5),
    TeamTask("Send the offer to Northwind Rail", HIGH, PENDING, 0, 0, 6, "Two pages at most. The prices are agreed."),
    TeamTask("Fix the crash on the page of an empty customer", URGENT, STARTED, 0, 1, 3, CRASH),
    TeamTask("Answer the data request from Juniper Hotels", URGENT, PENDING, -1, 1, 8, "The law gives us 30 days."),
    TeamTask(LONG, HIGH, STARTED, -1, 0, 9, "The first report came from *Orchard Bank*. Ask them for the invoice."),
    TeamTask("Interview five customers about the calendar", MEDIUM, STARTED, -3, 2, 25, INTERVIEWS),
)
# The number of versions by status: created, then a change for each step, and one of another field.
VERSIONS = {PENDING: 1, STARTED: 3, DONE: 4, ARCHIVED: 5}


def team_tasks(user_ids: Sequence[int], *, midnight: datetime) -> Iterator[DemoTask]:
    """Yield the tasks of the team, all created before `midnight`, the beginning of the day that counts as today."""
    today, start = midnight.date(), midnight.astimezone(UTC)
    for place, task in enumerate(TEAM_TASKS):
        created = start - timedelta(days=task.age, hours=place % 8)
        version = VERSIONS[task.status]
        changed = created + (start - created) * 0.8 if version > 1 else created
        yield DemoTask(
            task.title,
            task.description,
            task.priority,
            task.status,
            None if task.due is None else today + timedelta(days=task.due),
            None if task.assignee is None else user_ids[task.assignee % len(user_ids)],
            user_ids[place % min(4, len(user_ids))],
            created,
            changed,
            version,
        )
