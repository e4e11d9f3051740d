import pytest

@pytest.fixture(scope="module")
def settings():
    return {"tms.realtime.anonymous": "true", "tms.realtime.origins": "*"}

def test_it(realtime, listen, publish, event):
    c = listen()
    publish(event())
    print(c.message())
    assert c.hears_nothing()
    print(realtime.log.text)
    print(realtime.end())
    print(realtime.log.text)
    assert 0
