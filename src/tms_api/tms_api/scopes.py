"""Scopes of personal API tokens and the routes that they open.

No scope opens the routes of accounts, sessions and tokens, so that a token in a script cannot create another one.
"""

SCOPES = {
    "tasks:read": (
        "GET /api/task",
        "GET /api/task/{id}",
        "GET /api/task/{id}/history",
        "GET /api/task/counts",
        "GET /api/sync",
    ),
    "tasks:write": (
        "POST /api/task",
        "PUT /api/task/{id}",
        "PATCH /api/task/{id}",
        "DELETE /api/task/{id}",
        "POST /api/task/{id}/undo",
        "POST /api/task/bulk",
    ),
    "users:read": (
        "GET /api/users",
        "GET /api/users/{id}",
    ),
}


def includeme(config):
    for scope, routes in SCOPES.items():
        config.add_token_scope(scope, *routes)
