import pytest

from tms_api.rates import Rate
from tms_api.settings import ApiSettings
from tms_core.errors import ConfigurationError


def read(rates: str) -> ApiSettings:
    return ApiSettings.read({"tms.api.limit_user": rates}, {})


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("10/minute", (Rate(10, "minute"),)),
        (" 10 / minute ;100/hour", (Rate(10, "minute"), Rate(100, "hour"))),
        ("1/second; 2/day", (Rate(1, "second"), Rate(2, "day"))),
        ("0", ()),
    ],
)
def test_rates_are_parsed(text, rates):
    assert read(text).limit_user == rates


@pytest.mark.parametrize(
    "text", ["ten/minute", "10", "10/week", "0/minute", "-1/minute", "10/minute;", "10/minute, 1/hour"]
)
def test_an_invalid_rate_is_a_settings_error(text):
    with pytest.raises(ConfigurationError, match=r"tms\.api\.limit_user .* 10/minute; 100/hour"):
        read(text)


def test_all_limits_have_defaults():
    settings = ApiSettings.read({}, {})

    assert all(getattr(settings, name) for name in ApiSettings.model_fields if name.startswith("limit_"))


@pytest.mark.parametrize("url", ["https://example.com/", "{token}{", "{token}{user}", "{0}"])
def test_a_link_url_needs_the_token_and_no_other_placeholders(url):
    with pytest.raises(ConfigurationError, match=r"tms\.api\.password_reset_url .* must contain \{token\}"):
        ApiSettings.read({"tms.api.password_reset_url": url}, {})
