"""What personal API tokens may be used for. Accounts, logins and tokens stand here nowhere: to those a token that
lies in a script is no key, so that it cannot make itself another one."""

SCOPES = {
    "tasks:read": (
        "GET /api/task",
        "GET /api/task/{id}",
        "GET /api/task/{id}/history",
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
