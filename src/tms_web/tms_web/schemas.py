"""Schemas of the web sessions."""

from typing import Annotated

from pydantic import Field

from tms_core.web.field_types import Email, Name, Password, Proof, Username
from tms_core.web.openapi import ResponseSchema
from tms_core.web.validation import Schema


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
    """An access token; the refresh token is in the cookie."""

    example = {"access": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"}

    access: Annotated[str | None, Field(description="null: the browser has no session.")]
