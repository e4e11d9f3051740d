"""The resources of webhooks: what they accept, who may use them, and what they show."""

import re
from itertools import product

import pytest

from tms_webhooks.models import DeliveryStatus, WebhookDelivery
from tms_webhooks.signatures import SECRET

URL = "https://hooks.example.com/tms"


def test_a_webhook_is_created_with_a_secret_that_is_shown_once(as_ann):
    made = as_ann.post_json("/api/webhooks", {"url": URL}, status=201)

    assert SECRET.fullmatch(made.json["secret"])
    assert made.headers["Location"].endswith(f"/api/webhooks/{made.json['id']}")
    assert made.json["events"] == ["created", "updated", "deleted"]
    (listed,) = as_ann.get("/api/webhooks").json["results"]
    assert "secret" not in listed
    assert listed == as_ann.get("/api/webhooks/1").json == {key: made.json[key] for key in listed}


def test_a_given_secret_is_kept(as_ann):
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    assert as_ann.post_json("/api/webhooks", {"url": URL, "secret": secret}).json["secret"] == secret


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"url": "ftp://example.com/"}, "url", "webhook_url_invalid"),
        ({"url": "https://user:word@example.com/"}, "url", "webhook_url_invalid"),
        ({"url": "https://example.com/#part"}, "url", "webhook_url_invalid"),
        ({"url": "https://example.com:65536/"}, "url", "webhook_url_invalid"),
        ({"url": "https://exa mple.com/"}, "url", "webhook_url_invalid"),
        ({"url": "https://2130706433/"}, "url", "webhook_url_invalid"),
        ({"url": "https://127.1/"}, "url", "webhook_url_invalid"),
        ({"url": "https://0x7f000001/"}, "url", "webhook_url_invalid"),
        ({"url": "https://[::1]/"}, "url", "webhook_url_invalid"),
        ({"url": "https://example.com/\n"}, "url", "webhook_url_invalid"),
        ({"secret": "whsec_c2hvcnQ="}, "secret", "webhook_secret_invalid"),
        ({"secret": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "secret", "webhook_secret_invalid"),
        ({"events": []}, "events", "too_few"),
        ({"events": ["moved"]}, "events.0", "not_a_choice"),
        ({"filter": {"assigned_to": ["you"]}}, "filter.assigned_to.0", "not_a_user"),
        ({"filter": {"due_date": ["2027-03-01"]}}, "filter.due_date", "unknown_field"),
        ({"secrets": "x"}, "secrets", "unknown_field"),
    ],
)
def test_bad_values_are_refused_with_their_field(as_ann, fields, field, code):
    errors = as_ann.post_json("/api/webhooks", {"url": URL, **fields}, status=400).json["errors"]

    assert [(one["field"], one["code"]) for one in errors] == [(field, code)]


def test_a_webhook_is_changed_field_by_field(as_ann, make_webhook):
    make_webhook(URL, description="Chat", filter={"status": ["PENDING"], "assigned_to": ["me", 7.0]})

    changed = as_ann.patch_json("/api/webhooks/1", {"events": ["deleted", "created", "created"]}).json

    assert changed["events"] == ["created", "deleted"]
    assert changed["description"] == "Chat"
    assert changed["filter"] == {"status": ["PENDING"], "assigned_to": ["me", 7]}
    assert as_ann.patch_json("/api/webhooks/1", {"filter": {}}).json["filter"] == {}
    assert as_ann.patch_json("/api/webhooks/1", {"is_active": False}).json["is_active"] is False
    assert as_ann.delete("/api/webhooks/1").json == {}
    assert as_ann.get("/api/webhooks/1", status=404).json["code"] == "webhook_not_found"


def test_webhooks_are_seen_by_their_owner_and_administrators_only(client_of, as_ann, bob, make_user, make_webhook):
    made = make_webhook(URL)
    as_bob, as_root = client_of(bob), client_of(make_user("root", is_admin=True))

    assert as_bob.get("/api/webhooks").json["results"] == []
    for verb, path, body in (
        ("get", "", None), ("patch_json", "", {"is_active": False}), ("delete", "", None), ("post", "/test", None),
        ("get", "/deliveries", None), ("post_json", "/replay", {"since": 0}), ("post_json", "/rotate-secret", {}),
        ("post", "/deliveries/1/retry", None),
    ):  # fmt: skip
        arguments = [] if body is None else [body]
        assert getattr(as_bob, verb)(f"/api/webhooks/1{path}", *arguments, status=404).json["code"] in (
            "webhook_not_found",
        )
    (seen,) = as_root.get("/api/webhooks").json["results"]
    assert seen["owner"] == {"id": made["owner"]["id"], "username": "ann", "is_active": True}
    assert as_root.patch_json("/api/webhooks/1", {"is_active": False}).json["is_active"] is False


def test_the_number_of_webhooks_of_a_user_is_limited(as_ann, make_webhook, runtime, monkeypatch):
    from tms_webhooks.settings import WebhookSettings

    group = runtime.settings(WebhookSettings)
    monkeypatch.setitem(runtime.groups, WebhookSettings, group.model_copy(update={"most_per_user": 2}))
    make_webhook(URL)
    make_webhook(URL)

    refused = as_ann.post_json("/api/webhooks", {"url": URL}, status=409).json

    assert refused["code"] == "too_many_webhooks"
    assert refused["params"] == {"maximum": 2}


def test_a_rotated_secret_is_shown_once_and_the_previous_one_stays_valid_for_a_time(as_ann, make_webhook):
    first = make_webhook(URL)["secret"]

    rotated = as_ann.post_json("/api/webhooks/1/rotate-secret", {}).json

    assert SECRET.fullmatch(rotated["secret"])
    assert rotated["secret"] != first
    assert rotated["previous_secret_until"]
    assert "secret" not in as_ann.get("/api/webhooks/1").json


def test_tests_replays_and_retries_need_an_active_webhook(as_ann, make_webhook):
    make_webhook(URL, is_active=False)

    for path, body in (("test", None), ("replay", {"since": 0}), ("deliveries/1/retry", None)):
        post = as_ann.post if body is None else as_ann.post_json
        arguments = [] if body is None else [body]
        assert post(f"/api/webhooks/1/{path}", *arguments, status=409).json["code"] == "webhook_inactive"


def test_a_second_replay_is_refused_until_the_first_is_over_or_the_webhook_was_off(as_ann, make_webhook):
    make_webhook(URL)
    as_ann.post_json("/api/webhooks/1/replay", {"since": 0}, status=202)

    assert as_ann.post_json("/api/webhooks/1/replay", {"since": 0}, status=409).json["code"] == "webhook_replaying"
    assert as_ann.patch_json("/api/webhooks/1", {"is_active": False}).json["replaying"] is False
    as_ann.patch_json("/api/webhooks/1", {"is_active": True})
    as_ann.post_json("/api/webhooks/1/replay", {"since": 0}, status=202)


def test_waiting_tests_are_limited(as_ann, make_webhook):
    make_webhook(URL)
    for _ in range(10):
        as_ann.post("/api/webhooks/1/test", status=202)

    assert as_ann.post("/api/webhooks/1/test", status=409).json["code"] == "too_many_test_deliveries"


def test_deliveries_are_listed_newest_first_in_pages(as_ann, make_webhook):
    make_webhook(URL)
    for _ in range(3):
        as_ann.post("/api/webhooks/1/test", status=202)

    first = as_ann.get("/api/webhooks/1/deliveries?page_size=2&status=waiting").json
    second = as_ann.get(re.sub(r"^https?://[^/]+", "", first["next"])).json

    assert [one["id"] for one in first["results"] + second["results"]] == [3, 2, 1]
    assert second["next"] is None
    assert {one["type"] for one in first["results"]} == {"webhook.test"}
    assert as_ann.get("/api/webhooks/1/deliveries?status=dead").json["results"] == []
    assert as_ann.get("/api/webhooks/1/deliveries?status=lost", status=400).json["errors"][0]["code"] == "not_a_choice"
    assert as_ann.get("/api/webhooks/1/deliveries?cursor=x", status=400).json["errors"][0]["code"] == "bad_cursor"
    assert as_ann.post("/api/webhooks/1/deliveries/3/retry", status=409).json["code"] == "webhook_delivery_not_dead"
    missing = as_ann.post("/api/webhooks/1/deliveries/99/retry", status=404).json
    assert missing["code"] == "webhook_delivery_not_found"


def test_pages_have_deliveries_of_all_states_or_of_one(as_ann, make_webhook, runtime):
    states = ["waiting", "dead", "delivered", "dropped"] * 2
    for _ in range(2):
        make_webhook(URL)
    with runtime.transaction() as session:
        for state, webhook in product(states, (1, 2)):
            session.add(WebhookDelivery(webhook_id=webhook, type="task.created", status=DeliveryStatus(state)))
            session.flush()

    def read(query):
        url, ids = f"/api/webhooks/1/deliveries?page_size=3{query}", []
        while url:
            found = as_ann.get(re.sub(r"^https?://[^/]+", "", url)).json
            ids += [one["id"] for one in found["results"]]
            url = found["next"]
        return ids

    assert read("") == [15, 13, 11, 9, 7, 5, 3, 1]
    assert [read(f"&status={state}") for state in states[:4]] == [[9, 1], [11, 3], [13, 5], [15, 7]]


def test_a_repeated_key_registers_and_sends_nothing_twice(as_ann):
    def post(path, body, key):
        headers = {"Idempotency-Key": key}
        first, again = (as_ann.post_json(path, body, headers=headers) for _ in range(2))
        assert again.headers["Idempotency-Replayed"] == "true"
        assert first.body == again.body
        return first.json

    webhook = post("/api/webhooks", {"url": "https://hooks.example.com/tms"}, "1")
    rotated = post("/api/webhooks/1/rotate-secret", {}, "2")
    post("/api/webhooks/1/test", {}, "3")
    post("/api/webhooks/1/replay", {"since": 0}, "4")

    assert webhook["secret"] != rotated["secret"]
    assert len(as_ann.get("/api/webhooks").json["results"]) == 1
    assert len(as_ann.get("/api/webhooks/1/deliveries").json["results"]) == 1
