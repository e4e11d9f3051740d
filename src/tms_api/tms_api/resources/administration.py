import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tms_api.openapi.operations import administration as operations
from tms_api.resources.tags import ADMINISTRATION
from tms_core.doctor.background import BackgroundExamination
from tms_core.doctor.findings import Finding
from tms_core.doctor.settings import SettingInForce, settings_in_force
from tms_core.processes.directory import ProcessReport
from tms_core.redaction import redact_urls
from tms_core.relay.lag import SinkState
from tms_core.system_status import RelayState, at, read_system_status
from tms_core.versions import package_version
from tms_core.web.administration import require_administrator
from tms_core.web.resource import json_response, resource, to_json
from tms_core.web.validation import query_of

NO_STORE = {"Cache-Control": "no-store"}


class _ForAdministrators:
    tag = ADMINISTRATION

    def __init__(self, request, context=None):
        self.request = request

    def _begin(self) -> None:
        require_administrator(self.request)
        query_of(self.request, ())


@resource(path="/api/admin/settings")
class Settings(_ForAdministrators):
    @operations.list_settings
    def get(self):
        """List all settings with their values and where these come from. Secrets, and passwords in URLs, are not
        shown."""
        self._begin()
        runtime = self.request.registry.tms
        settings = [present_setting(one) for one in settings_in_force(runtime, os.environ)]
        return json_response({"settings": settings}, headers=NO_STORE)


@resource(path="/api/admin/system")
class System(_ForAdministrators):
    @operations.get_system
    def get(self):
        """Get the state of the deployment: packages, processes, relay, queues and servers. What is unknown because a
        server is down is null."""
        self._begin()
        runtime = self.request.registry.tms
        status = read_system_status(runtime)
        body = {
            "packages": [{"name": name, "version": package_version(name)} for name in runtime.registry.packages],
            "processes": [present_process(one, is_alive=is_alive) for one, is_alive in status.processes],
            "processes_known": status.processes_known,
            "missing_kinds": status.missing_kinds,
            "relay": present_relay(status.relay),
            "queues": status.queues,
            "services": status.services,
            "generated_at": datetime.now(UTC),
        }
        return json_response(to_json(body), headers=NO_STORE)


@resource(path="/api/admin/doctor")
class Doctor(_ForAdministrators):
    @operations.examine_deployment
    def get(self):
        """Run the checks of `tms doctor`. Each process runs them at most every 10 seconds and answers with the last
        findings meanwhile; after 10 seconds it answers with those found until then."""
        self._begin()
        report = self.request.registry.examination.report()
        body = {
            "findings": [present_finding(check, finding) for check, finding in report.findings],
            "is_complete": report.is_complete,
            "generated_at": report.began_at,
        }
        return json_response(to_json(body), headers=NO_STORE)


def present_setting(one: SettingInForce) -> dict[str, Any]:
    declared = one.declared
    return {
        "name": declared.key,
        "variable": declared.env,
        "package": one.package,
        "type": declared.type,
        "value": None if declared.secret else one.value or None,
        "default": one.default or None,
        "source": "file" if one.source == ".env" else one.source,
        "is_secret": declared.secret,
        "is_set": bool(one.value),
        "help": declared.help,
    }


def present_process(report: ProcessReport, *, is_alive: bool) -> dict[str, Any]:
    return {
        "kind": report.kind,
        "host": report.host,
        "pid": report.pid,
        "version": report.version,
        "started_at": at(report.started_at),
        "seen_at": at(report.seen_at),
        "is_alive": is_alive,
    }


def present_relay(relay: RelayState) -> dict[str, Any]:
    return {
        "leads": relay.leads,
        "head": relay.head,
        "unnumbered": relay.unnumbered,
        "sinks": _present_sinks(relay.sinks),
    }


def _present_sinks(sinks: Mapping[str, SinkState | None]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "position": state and state.position,
            "waiting": state and state.lag.events,
            "lag_seconds": state and round(state.lag.seconds, 1),
            "error": state and state.error and redact_urls(state.error),
            "failing_since": state and state.failing_since,
        }
        for name, state in sinks.items()
    ]


def present_finding(check: str, finding: Finding) -> dict[str, Any]:
    message = redact_urls(finding.message)
    return {"check": check, "status": finding.level, "message": message, "advice": finding.advice}


def includeme(config):
    config.registry.examination = BackgroundExamination(config.registry.tms)
