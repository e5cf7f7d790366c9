"""Each environment variable of the older systems: honoured, or answered with advice."""

import pytest
import structlog

from deploy.envoy.config import EdgeConfig
from kit.older_settings import OLDER_SETTINGS, advice, log_advice, translated
from kit.settings import CommonSettings
from local.settings import LocalSettings, SettingError
from services.context.settings import ContextSettings

EDGE = {
    f"LECTERN_{name}_TARGET": "127.0.0.1:1" for name in ("GATEWAY", "GATEWAY_HTTP", "THREADS", "CONTEXT", "INFERENCE")
} | {"LECTERN_JWT_SECRET": "s"}
CLOUD = {"USE_CHROMA_CLOUD": "True", "CHROMA_CLOUD_API_KEY": "k", "CHROMA_TENANT": "t", "CHROMA_DATABASE": "d"}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "LECTERN_CHROMA_URL", *(setting.name for setting in OLDER_SETTINGS)):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"REDIS_HOST": "redis"}, "redis://redis:6379/0"),
        ({"REDIS_HOST": "10.0.0.7", "REDIS_PORT": "6380"}, "redis://10.0.0.7:6380/0"),
        ({"REDIS_PORT": "6380"}, "redis://127.0.0.1:6380/0"),
        ({"REDIS_PORT": "tcp://10.96.0.3:6379"}, "redis://127.0.0.1:6379/0"),
        ({"REDIS_HOST": "redis", "REDIS_PORT": "tcp://10.96.0.3:6379"}, "redis://redis:6379/0"),
        ({"REDIS_HOST": "redis", "REDIS_URL": "rediss://other:1"}, "rediss://other:1"),
    ],
)
def test_a_redis_is_found_by_host_and_port(environ: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert CommonSettings().redis_url == url
    assert list(advice(environ)) == (
        ["REDIS_HOST is set: REDIS_URL is set beside it, and alone counts."] if "REDIS_URL" in environ else []
    )


@pytest.mark.parametrize(
    ("environ", "reached"),
    [
        (CLOUD, ("https://api.trychroma.com", "k", "t", "d")),
        ({**CLOUD, "LECTERN_CHROMA_TENANT": "mine"}, ("https://api.trychroma.com", "k", "mine", "d")),
        ({"CHROMA_HOST": "chroma"}, ("http://chroma:8000", "", "default_tenant", "default_database")),
        (
            {"CHROMA_HOST": "chroma", "CHROMA_PORT": "8001", "CHROMA_API_KEY": "k"},
            ("http://chroma:8001", "k", "default_tenant", "default_database"),
        ),
        ({"USE_CHROMA_CLOUD": "False"}, ("", "", "default_tenant", "default_database")),
        (
            {"CHROMA_HOST": "old", "LECTERN_CHROMA_URL": "http://new"},
            ("http://new", "", "default_tenant", "default_database"),
        ),
    ],
)
def test_a_chroma_is_found_by_its_older_names(
    environ: dict[str, str], reached: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    found = ContextSettings()
    account = found.chroma_token.get_secret_value(), found.chroma_tenant, found.chroma_database
    assert (found.chroma_url, *account) == reached
    assert list(advice(environ)) == []


def test_half_an_account_of_chromas_cloud_is_not_used_and_told() -> None:
    environ = {"USE_CHROMA_CLOUD": "True", "CHROMA_CLOUD_API_KEY": "k"}
    assert translated(environ) == {}
    [told] = advice(environ)
    assert "CHROMA_TENANT, CHROMA_DATABASE" in told


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("UPSTASH_REDIS_REST_URL", "https://x.upstash.io", "REDIS_URL to the rediss://"),
        ("UPSTASH_REDIS_REST_TOKEN", "t", "password"),
        ("CHROMA_CLOUD_API_KEY", "k", "USE_CHROMA_CLOUD=true"),
        ("CHROMA_API_KEY", "k", "USE_CHROMA_CLOUD=true"),
        ("PORT", "5000", "LECTERN_LISTEN"),
        ("NODE_ENV", "production", "LECTERN_LOCAL"),
        ("NODE_OPTIONS", "--max-old-space-size=4096", "unset it"),
        ("UV_THREADPOOL_SIZE", "128", "unset it"),
        ("OPENAI_ASSISTANT_ID", "asst_1", "2026-08-26"),
        ("USE_DATABASE", "True", "MONGODB_URI"),
        ("DATABASE_URL", "postgres://x", "MONGODB_URI"),
    ],
)
def test_what_does_nothing_any_more_is_answered_with_advice(name: str, value: str, told: str) -> None:
    [advised] = advice({name: value})
    assert advised.startswith(f"{name} is set: ")
    assert told in advised
    assert list(advice({name: ""})) == []
    with structlog.testing.capture_logs() as lines:
        log_advice({name: value}, structlog.get_logger())
    assert lines == [{"event": "older_setting", "advice": advised, "log_level": "warning"}]


def test_the_edge_listens_on_the_public_port() -> None:
    assert EdgeConfig.from_environment({**EDGE, "PORT": "5000"}).listen.port == 5000
    assert EdgeConfig.from_environment({**EDGE, "PORT": "5000", "LECTERN_EDGE_LISTEN": "0.0.0.0:80"}).listen.port == 80
    assert EdgeConfig.from_environment(EDGE).listen.port == 8080
    with pytest.raises(ValueError, match="PORT must be"):
        EdgeConfig.from_environment({**EDGE, "PORT": "http"})


def test_so_does_the_local_stack() -> None:
    assert LocalSettings.from_environment({"PORT": "5000"}).port == 5000
    assert LocalSettings.from_environment({"PORT": "5000", "LECTERN_PORT": "8081"}).port == 8081
    assert LocalSettings.from_environment({"REDIS_HOST": "r"}).given("REDIS_URL") == "redis://r:6379/0"
    with pytest.raises(SettingError, match="PORT must be"):
        LocalSettings.from_environment({"PORT": "70000"})
