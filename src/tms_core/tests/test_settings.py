import pytest

from tms_core.app import configure
from tms_core.errors import ConfigurationError
from tms_core.settings import CoreSettings
from tms_core.settings_base import SettingsGroup, reject_unknown, setting
from tms_testing.fixtures import ALL_PACKAGES

RANDOM = "7f3ac1e94b0d5826"
PRODUCTION = {
    "tms.environment": "production",
    "tms.database_url": "postgresql://tms@db/tms",
    "tms.redis_url": "redis://redis:6379/0",
    "tms.jwt_private_key": RANDOM * 4,
    "tms.public_url": "https://tasks.example.com",
}


class PaintSettings(SettingsGroup, prefix="tms.paint"):
    colours: int = setting(3, help="How many.", ge=1, le=9)
    mixer: str = setting("hand", help="What mixes.", key="mixing.tool", env="MIXER")
    code: str = setting(help="Which.")


def read(ini, environ=None) -> CoreSettings:
    return CoreSettings.read(ini, environ or {})


def refusal(ini, environ=None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(ini, environ)
    return str(caught.value)


def test_a_setting_comes_from_its_ini_key():
    assert read({"tms.environment": "development", "tms.api_port": "9000"}).api_port == 9000


def test_an_environment_variable_overrides_the_ini():
    ini = {"tms.environment": "development", "tms.api_port": "9000"}

    assert read(ini, {"TMS_API_PORT": "9001"}).api_port == 9001


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_value_counts_as_not_set(empty):
    ini = {"tms.environment": "development", "tms.api_port": empty}

    assert read(ini, {"TMS_API_PORT": empty}).api_port == 8000


def test_keys_and_variables_may_be_renamed():
    paint = PaintSettings.read({"tms.paint.mixing.tool": "drill", "tms.paint.code": "x"}, {})
    assert (paint.mixer, paint.code, paint.colours) == ("drill", "x", 3)

    paint = PaintSettings.read({"tms.paint.mixing.tool": "drill"}, {"MIXER": "arm", "TMS_PAINT_CODE": "y"})
    assert (paint.mixer, paint.code) == ("arm", "y")


def test_a_setting_that_is_required_is_named_when_it_is_missing():
    with pytest.raises(ConfigurationError, match=r"tms\.paint\.code \(or TMS_PAINT_CODE\)"):
        PaintSettings.read({}, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("environment", "staging"),
        ("api_port", "http"),
        ("api_port", "70000"),
        ("database_url", "mysql://x"),
        ("redis_url", "http://x"),
        ("redis_timeout", "0"),
        ("registration", "half"),
        ("visibility", "public"),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../../etc/passwd"),
        ("public_url", "tms.example"),
        ("access_token_seconds", "0"),
        ("relay.interval", "-1"),
        ("log_format", "xml"),
        ("body_limit", "1"),
    ],
)
def test_an_invalid_value_is_refused_with_key_and_variable(name, value):
    message = refusal({"tms.environment": "development", f"tms.{name}": value})

    assert f"tms.{name} (or TMS_{name.upper().replace('.', '_')})" in message


def test_every_invalid_value_is_named():
    message = refusal({"tms.api_port": "x", "tms.timezone": "y"}, {"TMS_VISIBILITY": "z"})

    assert all(name in message for name in ("tms.api_port", "tms.timezone", "TMS_VISIBILITY"))


def test_no_secret_stands_in_a_message_or_in_the_settings_text():
    message = refusal({**PRODUCTION, "tms.jwt_private_key": "hunter2", "tms.api_port": "x"})
    shown = repr(read({**PRODUCTION, "tms.database_url": "postgresql://tms:hunter2@db/tms"}))

    assert "hunter2" not in message
    assert "hunter2" not in shown


class TestProduction:
    def test_production_starts_with_addresses_and_a_key(self):
        assert read(PRODUCTION).jwt_key == PRODUCTION["tms.jwt_private_key"]

    def test_production_is_the_default(self):
        assert read({**PRODUCTION, "tms.environment": ""}).environment == "production"

    @pytest.mark.parametrize("name", ["jwt_private_key", "database_url", "redis_url", "public_url"])
    def test_production_needs_every_address_and_the_key(self, name):
        ini = {key: value for key, value in PRODUCTION.items() if key != f"tms.{name}"}

        assert f"TMS_{name.upper()}" in refusal(ini)

    @pytest.mark.parametrize(
        "key",
        [
            (RANDOM * 2)[:31],
            "a" * 64,
            "abc" * 20,
            "change-me-" + RANDOM * 4,
            "development-" + RANDOM * 4,
            "My-SECRET-" + RANDOM * 4,
        ],
    )
    def test_production_refuses_a_weak_key(self, key):
        message = refusal({**PRODUCTION, "tms.jwt_private_key": key})

        assert "TMS_JWT_PRIVATE_KEY" in message
        assert key not in message

    def test_missing_settings_of_all_packages_are_named_at_once(self):
        ini = {"pyramid.includes": " ".join(ALL_PACKAGES), "tms.timezone": "Mars", "tms.reports.threads": "0"}

        with pytest.raises(ConfigurationError) as caught:
            configure(ini, web=True)

        wanted = ("TMS_DATABASE_URL", "TMS_REDIS_URL", "TMS_JWT_PRIVATE_KEY", "TMS_PUBLIC_URL", "EMAIL_HOST")
        wanted += ("TMS_TIMEZONE", "TMS_REPORTS_THREADS", "TMS_NOTIFICATIONS_SENDER")
        named = [[sentence for sentence in caught.value.sentences if f"(or {name})" in sentence] for name in wanted]
        assert [len(sentences) for sentences in named] == [1] * len(wanted)
        assert len(caught.value.sentences) == len(wanted)

    def test_development_generates_a_key(self, tmp_path):
        one, two = (
            read({"tms.environment": "development", "tms.state_dir": str(tmp_path / name)}).jwt_key for name in "ab"
        )

        assert len(one) >= 32
        assert one != two
        assert one == read({"tms.environment": "development", "tms.state_dir": str(tmp_path / "a")}).jwt_key


class TestUnknown:
    def test_an_unknown_key_is_named(self):
        with pytest.raises(ConfigurationError, match=r"tms\.api_prot") as caught:
            reject_unknown({"tms.api_prot": "1", "tms.api_port": "1"}, [CoreSettings])
        assert "unknown setting tms.api_prot: did you mean tms.api_port?" in str(caught.value)
        assert len(caught.value.sentences) == 1

    def test_an_unknown_key_prevents_start_up(self, tmp_path):
        ini = {"tms.environment": "development", "tms.state_dir": str(tmp_path)}

        with pytest.raises(ConfigurationError, match=r"tms\.reports\.thread\b"):
            configure({**ini, "pyramid.includes": "tms_reports", "tms.reports.thread": "1"}, web=False)

    def test_keys_of_other_programs_are_ignored(self):
        reject_unknown({"pyramid.debug_all": "true", "sqlalchemy.url": "x"}, [CoreSettings])


def test_a_package_that_is_not_installed_is_named(tmp_path):
    ini = {"tms.environment": "development", "tms.state_dir": str(tmp_path), "pyramid.includes": "tms_nothing"}

    with pytest.raises(ConfigurationError, match="tms_nothing, which is not installed"):
        configure(ini, web=False)


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    """Return the settings groups of all packages."""
    ini = {
        "tms.environment": "development",
        "tms.state_dir": str(tmp_path_factory.mktemp("state")),
        "tms.notifications.transport": "file",
        "pyramid.includes": "\n".join((*ALL_PACKAGES, "tms_local")),
    }
    return list(configure(ini, web=False).registry.tms.groups)


def test_every_setting_is_declared_with_a_line_of_help(groups):
    declared = [one for group in groups for one in group.declarations()]

    assert len(declared) > 30
    assert [one.key for one in declared if not one.help.strip() or "\n" in one.help] == []


def test_no_two_settings_share_a_key_or_a_variable(groups):
    declared = [one for group in groups for one in group.declarations()]

    assert len({one.key for one in declared}) == len(declared)
    assert len({one.env for one in declared}) == len(declared)


def test_secrets_are_declared_as_secret(groups):
    secret = {one.key for group in groups for one in group.declarations() if one.secret}

    assert {"tms.jwt_private_key", "tms.database_url", "tms.redis_url", "tms.metrics.token"} <= secret


@pytest.mark.parametrize("web", [False, True])
def test_missing_servers_are_named_with_both_remedies(tmp_path, web):
    ini = {"tms.environment": "development", "tms.state_dir": str(tmp_path), "pyramid.includes": "tms_api"}

    with pytest.raises(ConfigurationError) as caught:
        configure(ini, web=web)

    assert caught.value.sentences == tuple(
        f"{key} must be set, as {example}, or pyramid.includes must list tms_local (pip install tms-local), whose "
        "tms up runs an embedded server"
        for key, example in (
            ("tms.database_url (or TMS_DATABASE_URL)", "postgresql://user:password@host:5432/name"),
            ("tms.redis_url (or TMS_REDIS_URL)", "redis://host:6379/0"),
        )
    )


def test_only_the_missing_server_is_named(tmp_path):
    ini = {"tms.environment": "development", "tms.state_dir": str(tmp_path), "tms.redis_url": "redis://redis"}

    with pytest.raises(ConfigurationError, match=r"^tms\.database_url") as caught:
        configure(ini, web=False)

    assert len(caught.value.sentences) == 1


def test_settings_of_installed_but_excluded_packages_are_ignored():
    ini = {"tms.reports.threads": "2", "tms.environment": "development"}

    reject_unknown(ini, [CoreSettings], ["tms_api"])

    with pytest.raises(ConfigurationError, match=r"tms\.reports\.threads"):
        reject_unknown(ini, [CoreSettings], ["tms_reports"])
    with pytest.raises(ConfigurationError, match=r"tms\.nobody\.threads"):
        reject_unknown({"tms.nobody.threads": "2"}, [CoreSettings], [])
