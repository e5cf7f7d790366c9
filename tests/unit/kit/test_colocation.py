"""Services of one process: where each listens, and whom each calls."""

import pytest

from kit.colocation import Member, members_settings
from kit.settings import CommonSettings


class GatewaySettings(CommonSettings):
    http_listen: str = ""


async def build(*_: object) -> list[object]:
    return []


MEMBERS = (Member("threads", CommonSettings, build), Member("gateway", GatewaySettings, build))  # type: ignore[arg-type]


def test_each_listens_where_it_is_told_and_calls_the_others_within_the_process() -> None:
    environ = {"LECTERN_THREADS_LISTEN": "127.0.0.1:1", "LECTERN_GATEWAY_LISTEN": "127.0.0.1:2"}
    settings = members_settings(MEMBERS, environ)
    assert (settings["threads"].listen, settings["gateway"].listen) == ("127.0.0.1:1", "127.0.0.1:2")
    assert settings["gateway"].threads_target == "inprocess:threads"
    assert settings["gateway"].context_target == CommonSettings().context_target, "who lives elsewhere stays there"


def test_health_is_told_once_by_the_last_that_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LECTERN_HEALTH_LISTEN", "127.0.0.1:3")
    settings = members_settings(MEMBERS, {})
    assert (settings["threads"].health_listen, settings["gateway"].health_listen) == ("", "127.0.0.1:3")
