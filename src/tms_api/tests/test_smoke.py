import pytest


@pytest.fixture(scope="module")
def packages():
    return ("tms_api",)


def test_smoke(app, client, relay_once, runtime):
    r = app.post_json("/api/users/", {"username": "ann", "email": "ann@x.org", "password": "password123"})
    print(r.json)
    r = app.post_json("/api/token/", {"username": "ann", "password": "password123"})
    assert set(r.json) == {"access", "refresh"}
    assert app.get("/api/task", status=401).headers["WWW-Authenticate"] == "Bearer"
    t = client.post_json("/api/task/", {"title": "One", "assigned_to": {"id": 1}}, status=201)
    print(t.json, t.headers)
    t = client.patch_json("/api/task/1", {"status": "COMPLETED"})
    print(t.json)
    for _ in range(2):
        print(client.get("/api/task?status=COMPLETED").json)
    print(client.get("/api/task?statu=1&due_date=3", status=400).json)
    print(
        client.post_json(
            "/api/task?statu=1&due_date=3", {"titel": 1, "due_date": "x", "priority": "NO", "status": 4}, status=400
        ).json
    )
    print(client.get("/api/ready").json, client.post("/api/ready", status=405).json)
    relay_once()
    print(client.get("/nope", status=404).json)
    print(client.patch_json("/api/task/1", {"title": "b"}, headers={"If-Match": '"1"'}).json)
    print(client.patch_json("/api/task/1", {"status": "ARCHIVED"}, headers={"If-Match": '"1"'}, status=412).json)
    print(client.delete("/api/task/1").json)
    from tms_core.events import read_events

    with runtime.transaction() as s:
        relay_once()
        for e in read_events(s, after=0, limit=10):
            print(e)
