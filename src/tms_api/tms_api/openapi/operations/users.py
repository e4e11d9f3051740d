"""The documentation of accounts."""

from typing import Annotated

from pydantic import Field

from tms_api.schemas.user_responses import ChangedUser, NewAccount, PublicUser, UserPage
from tms_api.schemas.user_responses import User as UserResponse
from tms_api.schemas.users import NewUser, UserChange, UserDeletion, WholeUser
from tms_core.web.openapi import Header, Link, Nothing, Parameter, ResponseDoc, documented, names_of
from tms_core.web.pagination import PARAMETERS as PAGE
from tms_core.web.pagination import PAST_THE_END

MAX_SEARCH_LENGTH = 150
# Filters of administrators.
ROLES = ("is_active", "is_admin")
SEARCH = Annotated[str, Field(max_length=MAX_SEARCH_LENGTH, pattern=r"^[^\x00]*$")]
PARAMETERS = (
    *PAGE,
    Parameter(
        name="q",
        help="Part of the user name, first name or last name; for administrators of the e-mail address too.",
        kind=SEARCH,
        example="ann",
    ),
    *(Parameter(name=name, help="`true` or `false`; only for administrators.", kind=bool) for name in ROLES),
)
NAMES = names_of(PARAMETERS)
LOCATION = Header("Location", "URL of the new account.", "https://tms.example.com/api/users/2")
OF_ONE = ("get_user", "replace_user", "change_user", "delete_user")
LINKS = tuple(Link(name, {"id": "$response.body#/id"}) for name in OF_ONE)
FROM_LIST = tuple(Link(name, {"id": "$response.body#/results/0/id"}) for name in OF_ONE)
TAKEN = "The user name or e-mail address is taken, or no active administrator would remain."
FORBIDDEN = (
    "Users can change only their own account, only administrators can change `is_admin` and `is_active`, and changing "
    "one's own e-mail address requires the right `current_password`."
)

create_user = documented(
    "create_user",
    body=NewUser,
    is_token_optional=True,
    responses={
        201: ResponseDoc(NewAccount, headers=(LOCATION,), links=LINKS),
        401: "The token has been revoked.",
        403: "Registration is closed, or the caller set `is_admin` without being an administrator.",
        409: "The user name or e-mail address is taken, or the first request with this Idempotency-Key is running.",
        429: ResponseDoc(),
    },
)

list_users = documented(
    "list_users",
    query=PARAMETERS,
    responses={
        200: ResponseDoc(UserPage, links=FROM_LIST),
        403: "Only administrators can filter by `is_active` and `is_admin`.",
        404: PAST_THE_END,
    },
)

get_user = documented("get_user", query=(), responses={200: UserResponse | PublicUser})

replace_user = documented("replace_user", body=WholeUser, responses={200: ChangedUser, 403: FORBIDDEN, 409: TAKEN})

change_user = documented("change_user", body=UserChange, responses={200: ChangedUser, 403: FORBIDDEN, 409: TAKEN})

delete_user = documented(
    "delete_user",
    body=UserDeletion,
    is_body_optional=True,
    responses={
        200: Nothing,
        403: "Users can delete only their own account, and `current_password`, if given, must be right.",
        409: "No active administrator would remain.",
    },
)
