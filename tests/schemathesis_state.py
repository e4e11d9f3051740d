"""State that makes generated requests valid beyond their schema: a login, existing users, tokens from mails."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import available_timezones

from schemathesis.openapi.checks import EnsureResourceAvailability, UseAfterFree
from webtest import TestApp

from tms_api.preconditions import IF_MATCH
from tms_core.display_names import without_addresses
from tms_core.models import LinkPurpose, User
from tms_core.runtime import Runtime
from tms_core.services.account_links import AccountLinkService
from tms_core.services.task_filter import NAMES
from tms_core.web.idempotency import PARAMETER as KEY
from tms_core.web.openapi import names_of
from tms_notifications.unsubscribing import PREFERENCES, UnsubscribeTokens
from tms_reports.series.parameters import KINDS
from tms_testing.fixtures import PASSWORD, SignedIn

USERS = ("assigned_to", "created_by")
OWN_PARAMETERS = {name: names_of(kind.parameters) for name, kind in KINDS.items()}


class SystemState:
    """Signs in as an administrator, and as a new one if a request has ended the session or the account."""

    def __init__(self, app: TestApp, runtime: Runtime, make_user: Callable[..., SignedIn]):
        self._app = app
        self._runtime = runtime
        self._make_user = make_user
        self._numbers = count(1)
        self._zones = sorted(available_timezones())
        self._tokens: set[str] = set()
        self._undone: set[str] = set()
        self._replayed: set[str] = set()
        self._owners: dict[str, int] = {}
        self.forget()
        for number in range(3):
            app.post_json("/api/task", {"title": f"Task {number}"}, headers=self._me.headers)

    def forget(self) -> None:
        self._me = self._make_user(is_admin=True)
        self._tokens.add(self._me.access)
        self._is_sure = True

    def token(self) -> str:
        """Return a valid access token."""
        if not self._is_sure:
            self._app.app.registry.revocations.refresh(force=True)
            me = self._app.get("/api/users/me", headers=self._me.headers, expect_errors=True)
            self._is_sure = me.status_int == 200 and me.json["is_admin"]
        if not self._is_sure:
            self.forget()
        return self._me.access

    def notice(self, case: Any, response: Any) -> None:
        """Record the effects of a request, which may have ended the own session or account."""
        if case.method != "GET" and "task" not in case.path and response.status_code < 300:
            self._is_sure = False
        if "task" in case.path and case.path.endswith("/undo") and response.status_code == 200:
            self._undone.add(str(case.path_parameters["id"]))
        if "idempotency-replayed" in response.headers and isinstance(response.json(), dict):
            self._replayed.add(str(response.json().get("id")))
        if case.path == "/api/api-tokens" and response.status_code == 201:
            self._owners[str(response.json()["id"])] = self._me.id
        if isinstance(case.body, dict) and "current_password" in case.body:
            self.forget()

    def explains(self, failure: Any, case: Any) -> bool:
        """Return whether a resource exists again or is not visible for a reason that schemathesis cannot know.

        Its deletion or creation was undone, its creation was replayed by an idempotency key, only the event id was
        invented, or it belongs to a previous administrator.
        """
        name = str(case.path_parameters.get("id"))
        match failure:
            case UseAfterFree():
                return "task" in case.path and name in self._undone
            case EnsureResourceAvailability() if "task" in case.path:
                return name in self._replayed | self._undone or case.path.endswith("/undo")
            case EnsureResourceAvailability():
                return "api-tokens" in case.path and self._owners.get(name) != self._me.id
            case _:
                return False

    def renew(self, case: Any) -> None:
        """Replace values that expire or can be used only once: the token, and the example's key and version."""
        if case.headers.get("Authorization", "").removeprefix("Bearer ") in self._tokens:
            case.headers["Authorization"] = f"Bearer {self.token()}"
        if case.headers.get("Idempotency-Key") == KEY.example:
            case.headers["Idempotency-Key"] = f"key-{next(self._numbers)}"
        if case.headers.get("If-Match") == IF_MATCH.example:
            case.headers["If-Match"] = "*"

    def mend(self, case: Any) -> None:
        """Replace values of a valid request by existing ids and valid tokens."""
        if "cursor" in case.query:
            case.query["cursor"] = ""
            case.query.pop("page", None)
        if "token" in case.query:
            kind = PREFERENCES[next(self._numbers) % len(PREFERENCES)]
            case.query["token"] = UnsubscribeTokens(self._runtime.core.jwt_key).create(self._me.id, kind)
        if "from" in case.query and "to" in case.query:
            case.query["to"] = case.query["from"]
        if isinstance(case.body, dict):
            self._mend_report(case.body)
            self._mend_tasks(case.body, case.path_parameters.get("id"))
            self._mend_account(case.body, case.operation.definition.raw["operationId"])

    def _mend_tasks(self, body: dict[str, Any], task_id: Any) -> None:
        for name in USERS:
            if body.get(name) is not None:
                body[name] = self._me.id
        if task_id is not None:
            body.pop("id", None)
        for operation in body.get("operations", ()):
            if "task" in operation:
                self._mend_tasks(operation["task"], operation.get("id", 0))

    def _mend_report(self, body: dict[str, Any]) -> None:
        """Keep the parameters that the report has, and the only cron expression and zone that are sure to be valid."""
        if "cron" in body:
            body["cron"] = "0 8 * * MON"
        if body.get("timezone") is not None and ("cron" in body or "is_paused" in body):
            body["timezone"] = "Europe/Berlin"
        if body.get("recipients") is not None:
            body["recipients"] = [self._me.id]
        if isinstance(body.get("parameters"), dict):
            names = {*NAMES, *OWN_PARAMETERS.get(body.get("report", ""), ())} - {"q"}
            body["parameters"] = {name: value for name, value in body["parameters"].items() if name in names}
            if {"from", "to"} <= body["parameters"].keys():
                body["parameters"]["to"] = body["parameters"]["from"]

    def _mend_account(self, body: dict[str, Any], operation: str) -> None:
        # Schemas do not define valid names and addresses. Every second one is already taken.
        newcomer = f"newcomer{next(self._numbers) // 2}"
        body |= {"username": newcomer} if "username" in body and operation != "sign_in" else {}
        body |= {"email": f"{newcomer}@example.com"} if "email" in body else {}
        body |= {name: without_addresses(body[name]) for name in ("first_name", "last_name") if body.get(name)}
        match operation:
            case "change_user" | "replace_user":
                body["current_password"] = PASSWORD
                body.pop("email_verified", None)
                if "password" not in body:
                    body.pop("end_personal_tokens", None)
            case "change_mail_preferences" if body.get("timezone") is not None:
                body["timezone"] = self._zones[next(self._numbers) % len(self._zones)]
            case "create_api_token":
                body.pop("current_password", None)
                body["scopes"] = [*set(self._runtime.registry.scopes.values())][: len(body["scopes"])]
                if body.get("expires_at") is not None:
                    body["expires_at"] = (datetime.now(UTC) + timedelta(days=1)).isoformat()
            case "reset_password":
                body["token"] = self._mailed(LinkPurpose.PASSWORD_RESET)
            case "verify_email":
                body["token"] = self._mailed(LinkPurpose.EMAIL_VERIFICATION)
            case "undo_email_change":
                body["token"] = self._mailed(LinkPurpose.EMAIL_CHANGE)

    def _mailed(self, purpose: LinkPurpose) -> str:
        user = self._make_user()
        with self._runtime.transaction() as session:
            links = AccountLinkService(session, self._runtime.core.jwt_key)
            email = f"{user.username}@example.com"
            if purpose is LinkPurpose.EMAIL_CHANGE:
                link = links.create_for_change(session.get_one(User, user.id), email)
            else:
                link = links.create(purpose, email)
            assert link
            token = links.token(link.id)
        assert token
        return token
