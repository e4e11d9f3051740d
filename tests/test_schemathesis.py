"""schemathesis tests the API by its OpenAPI document: examples, edge cases, random data and links."""

from collections import Counter
from pathlib import Path

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.statistic import Statistic
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER
from schemathesis.transport.wsgi import WSGITransport
from schemathesis_state import SystemState

from tms_api.settings import ApiSettings

CONFIG = Path(__file__).with_name("schemathesis.toml")
OF_A_NETWORK = ("max_redirects", "verify", "cert")


@pytest.fixture(scope="module")
def settings():
    limits = {f"tms.api.{name}": "0" for name in ApiSettings.model_fields if name.startswith("limit_")}
    # A host of a private network is refused, which no schema can say.
    webhooks = {"tms.webhooks.allow_private": "true", "tms.webhooks.most_per_user": "1000"}
    return {
        **limits,
        **webhooks,
        "tms.unknown_tokens_per_minute": "0",
        "tms.api.idempotency_keys_per_user": "0",
    }


@pytest.fixture
def state(app, runtime, make_user):
    return SystemState(app, runtime, make_user)


def from_loopback(app):
    """Requests come from loopback, which the metrics require."""
    return lambda environ, start_response: app({**environ, "REMOTE_ADDR": "127.0.0.1"}, start_response)


@pytest.fixture
def schema(app, state, monkeypatch):
    def before_call(context, case, kwargs):
        state.renew(case)
        if case.meta is not None and case.meta.generation.mode.is_positive:
            state.mend(case)

    def after_call(context, case, response):
        state.notice(case, response)

    def filter_failure(context, failure, case, response):
        return not state.explains(failure, case)

    class Login:
        def get(self, case, context):
            return state.token()

        def set(self, case, token, context):
            case.headers["Authorization"] = f"Bearer {token}"

    send = WSGITransport.send
    # Probes without a token pass arguments that only network requests support (schemathesis 4.32).
    monkeypatch.setattr(
        WSGITransport,
        "send",
        lambda self, case, **kwargs: send(
            self, case, **{name: value for name, value in kwargs.items() if name not in OF_A_NETWORK}
        ),
    )
    config = SchemathesisConfig.from_path(CONFIG)
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", from_loopback(app.app), config=config)
    schema.auth(refresh_interval=None)(Login)
    schema.hook(filter_failure)
    for hook in (before_call, after_call):
        GLOBAL_HOOK_DISPATCHER.register_hook_with_name(hook, hook.__name__)
    yield schema
    for hook in (before_call, after_call):
        GLOBAL_HOOK_DISPATCHER.unregister(hook)


@pytest.mark.parametrize("phases", [["examples", "coverage"], ["fuzzing"], ["stateful"]], ids=" ".join)
def test_schemathesis_finds_no_failures(schema, phases, capsys):
    schema.config.phases.update(phases=phases)
    found, cases, errors = Statistic(), Counter(), []

    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished():
                found.on_scenario_finished(event.recorder)
                cases[event.phase.value] += len(event.recorder.cases)
                errors += [event.label] if event.status is Status.ERROR else []
            case events.NonFatalError():
                errors.append(event.info.format())

    with capsys.disabled():
        print(f"\nschemathesis: {len(found.tested_operations)} operations, {dict(cases)}")
    failures = [_told(label, group) for label, groups in found.failures.items() for group in groups.values()]
    if failures or errors:
        pytest.fail("\n\n".join([*failures, *errors]), pytrace=False)
    # Links from an empty list cannot be followed.
    assert [one for one in found.extraction_failures if one.expression == "$response.body#/id"] == []
    assert sum(cases.values()) > len(found.tested_operations) > 0


def _told(label, group):
    failures = "; ".join(f"{failure.title}: {failure.message}" for failure in group.failures)
    answer = (group.response.status_code, group.response.content[:400]) if group.response else None
    return f"{label}: {failures} {answer} {group.code_sample}"
