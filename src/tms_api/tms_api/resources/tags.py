"""The headings under which this package's operations stand in the description."""

from tms_core.web.openapi import Tag

SIGNING_IN = Tag("Signing in", "Access tokens for names and passwords, and ending them.", 1)
TASKS = Tag("Tasks", "Creating, finding and changing tasks, alone or many at once, and what happened to them.", 2)
COPIES = Tag("Copies", "Keeping a copy of the tasks, for clients that work offline, mirrors and agents.", 3)
USERS = Tag("Users", "Accounts. A user changes only its own; an administrator any.", 4)
KEYS = Tag("Sessions and personal tokens", "Where one is signed in, and tokens for scripts.", 5)
LINKS = Tag("Mailed links", "A new password for who forgot it, and proof of an e-mail address, by one-time links.", 6)
DESCRIPTION = Tag("Description", "This description.", 7)
