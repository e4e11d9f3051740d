"""Schemas of the web sessions and of saved views."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from tms_core.values import MAX_ID
from tms_core.web.field_types import Email, Line, Name, Password, Proof, Username
from tms_core.web.openapi import ResponseSchema
from tms_core.web.validation import Schema
from tms_web.models import VIEW_NAME_LENGTH, VIEW_QUERY_LENGTH

# Parameters as a browser writes them; no value contains a character that ends the query of a URL.
QUERY = r"^(?:[a-z][a-z_-]{0,29}=[A-Za-z0-9*._~+%,:!()'-]*(?:&[a-z][a-z_-]{0,29}=[A-Za-z0-9*._~+%,:!()'-]*)*)?$"


class WebCredentials(Schema):
    """`username` may be the e-mail address."""

    example = {"username": "ann", "password": "password123"}

    username: Proof
    password: Proof


class FirstAccount(Schema):
    """The administrator's account, and the code of the link that `tms up` has printed."""

    example = {
        "code": "kPq0nJ1m2nQmUoT2nZ7c3s8yRrWw1vF6gB4xHh9tL0E",
        "username": "ann",
        "email": "ann@example.com",
        "password": "password123",
    }

    code: Proof
    username: Username
    email: Email
    password: Password
    first_name: Name = ""
    last_name: Name = ""


class WebSession(ResponseSchema):
    """An access token; the refresh token is in the cookie. `position` saves the page a request of `/api/sync`."""

    example = {"access": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "position": 1042}

    access: Annotated[str | None, Field(description="null: the browser has no session.")]
    position: Annotated[
        int | None, Field(ge=0, description="The latest position of the event log, as `next` of `/api/sync`.")
    ]


Page = Literal["/tasks", "/board", "/calendar", "/my-tasks"]
Column = Literal[
    "status", "priority", "assigned_to", "due_date", "created_by", "created_at", "updated_at", "id", "description"
]
ViewName = Annotated[Line, Field(max_length=VIEW_NAME_LENGTH)]
ViewQuery = Annotated[
    str,
    Field(
        max_length=VIEW_QUERY_LENGTH,
        pattern=QUERY,
        description="The query of the page's address: filters, search, order and grouping.",
    ),
]
Columns = Annotated[list[Column], Field(max_length=20)]
VIEW_EXAMPLE = {
    "name": "Due this week",
    "page": "/tasks",
    "query": "status=PENDING,IN_PROGRESS&due=week&group=assignee",
    "columns": ["status", "due_date"],
    "is_shared": True,
}


class NewSavedView(Schema):
    """`columns` null means those of the device."""

    example = VIEW_EXAMPLE

    name: ViewName
    page: Page
    query: ViewQuery = ""
    columns: Columns | None = None
    is_shared: bool = False


class SavedViewChange(Schema):
    """Changes of a view; fields that are left out keep their values."""

    example = {"name": "Due this week", "is_shared": False}
    is_partial = True

    name: ViewName = "View"
    page: Page = "/tasks"
    query: ViewQuery = ""
    columns: Columns | None = None
    is_shared: bool = False


class SavedView(ResponseSchema):
    """A saved view. `owner` is the user who has saved it."""

    example = {
        "id": 1,
        "owner": 2,
        **VIEW_EXAMPLE,
        "created_at": "2027-03-01T12:00:00Z",
        "updated_at": "2027-03-01T15:00:00Z",
    }

    id: Annotated[int, Field(ge=1, le=MAX_ID)]
    owner: Annotated[int, Field(ge=1, le=MAX_ID, description="A user's id.")]
    name: str
    page: Page
    query: str
    columns: list[Column] | None
    is_shared: bool
    created_at: datetime
    updated_at: datetime


class SavedViews(ResponseSchema):
    """The caller's views by name, then the shared ones of others."""

    example = {"views": [SavedView.example]}

    views: list[SavedView]
