from pathlib import Path

import pytest

from local.settings import LocalSettings, SettingError


def test_defaults_need_no_environment() -> None:
    settings = LocalSettings.from_environment({})
    assert settings.port == 8080
    assert settings.data == Path(".data").resolve()
    assert settings.instances == {}
    assert settings.uses_own_model
    assert settings.advice == ()


def test_instances_are_counted_by_service() -> None:
    settings = LocalSettings.from_environment({"LECTERN_INSTANCES": "gateway=2, threads=3"})
    assert settings.instances == {"gateway": 2, "threads": 3}


@pytest.mark.parametrize("text", ["gateway", "gateway=0", "gateway=two", "kitchen=2"])
def test_instances_that_make_no_sense_are_refused_by_name(text: str) -> None:
    with pytest.raises(SettingError, match="LECTERN_INSTANCES"):
        LocalSettings.from_environment({"LECTERN_INSTANCES": text})


@pytest.mark.parametrize(
    "variables",
    [
        ["OPENAI_API_KEY"],
        ["OPENAI_BASE_URL"],
        ["GEMINI_API_KEY"],
        ["GROQ_API_KEY"],
        ["SARVAM_API_KEY"],
        ["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"],
        ["LECTERN_PROVIDERS"],
    ],
)
def test_a_given_provider_takes_the_place_of_the_demo_model(variables: list[str]) -> None:
    assert not LocalSettings.from_environment(dict.fromkeys(variables, "given")).uses_own_model
    assert LocalSettings.from_environment(dict.fromkeys(variables, " ")).uses_own_model


def test_a_key_without_its_address_is_no_provider() -> None:
    assert LocalSettings.from_environment({"AZURE_OPENAI_API_KEY": "key"}).uses_own_model


def test_settings_of_the_older_systems_are_answered_with_advice() -> None:
    environ = {"OPENAI_ASSISTANT_ID": "asst_1", "UPSTASH_REDIS_REST_URL": "https://x.upstash.io"}
    assistant, upstash = sorted(LocalSettings.from_environment(environ).advice)
    assert "2026-08-26" in assistant
    assert "rediss://" in upstash


def test_services_share_processes_on_small_machines_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert LocalSettings.from_environment({}).shared == 2
    assert LocalSettings.from_environment({"LECTERN_COLOCATE": "0"}).shared == 0
    assert LocalSettings.from_environment({"LECTERN_COLOCATE": "3"}).shared == 3
    assert LocalSettings.from_environment({"LECTERN_INSTANCES": "threads=2"}).shared == 0
    assert LocalSettings.from_environment({"LECTERN_INSTANCES": "threads-worker=2"}).shared == 2
    with pytest.raises(SettingError, match="LECTERN_COLOCATE"):
        LocalSettings.from_environment({"LECTERN_COLOCATE": "all"})
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    assert LocalSettings.from_environment({}).shared == 0
