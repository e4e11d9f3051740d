"""OpenAPI tags of this package's operations."""

from tms_core.web.openapi import Tag

SIGNING_IN = Tag("Signing in", "Obtaining, refreshing and revoking access tokens.", 1)
TASKS = Tag("Tasks", "Creating, finding and changing tasks, singly or in bulk, and their history.", 2)
COPIES = Tag("Copies", "Synchronising a copy of the tasks, for offline clients, mirrors and agents.", 3)
USERS = Tag("Users", "Accounts. Users change their own, administrators any.", 4)
KEYS = Tag("Sessions and personal tokens", "The caller's sessions, and tokens for scripts.", 5)
LINKS = Tag("Mailed links", "Password reset and e-mail verification by one-time links.", 6)
ADMINISTRATION = Tag("Administration", "Settings, processes and checks of the deployment, for administrators.", 7)
DESCRIPTION = Tag("Description", "This description.", 8)
