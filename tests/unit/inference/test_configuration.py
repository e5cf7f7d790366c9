"""Providers out of the environment: by the keys of vendors, or by a list."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from services.inference.configuration import max_tokens, providers, timeouts
from services.inference.model.generation import Purpose
from services.inference.model.providers import Limits, Price
from services.inference.service.catalog import Catalog
from services.inference.settings import InferenceSettings

OWN = {"name": "own", "baseUrl": "http://models.internal/v1", "models": {"default": "llama"}}


def listed(*entries: object, **settings: Any) -> InferenceSettings:
    return InferenceSettings(providers=orjson.dumps(entries).decode(), **settings)


def test_vendors_are_switched_on_by_their_keys_in_one_order() -> None:
    environment = {
        "AZURE_OPENAI_API_KEY": "a",
        "AZURE_OPENAI_ENDPOINT": "https://school.openai.azure.com/",
        "AZURE_OPENAI_DEPLOYMENT": "tutor",
        "GROQ_API_KEY": "g1, g2",
        "SARVAM_API_KEY": "s",
        "GEMINI_API_KEY": "m",
        "OPENAI_API_KEY": "o",
    }
    found = providers(InferenceSettings(providers=""), environment)
    assert [provider.name for provider in found] == ["openai", "gemini", "groq", "sarvam", "azure"]
    assert found[2].keys == ("g1", "g2")
    azure = found[4]
    assert (azure.base_url, azure.key_header) == ("https://school.openai.azure.com/openai/v1/", "api-key")
    assert azure.models == {"default": "tutor"}
    assert providers(InferenceSettings(providers=""), {}) == []


def test_a_server_of_ones_own_needs_no_key() -> None:
    environment = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_MODEL": "m", "OPENAI_CONTEXT_TOKENS": "2048"}
    (own,) = providers(InferenceSettings(providers=""), environment)
    assert (own.name, own.base_url, own.keys) == ("default", "http://127.0.0.1:9/v1", ("none",))
    assert (own.models, own.context_tokens) == ({"default": "m"}, 2048)


def test_keys_come_from_the_environment_from_files_or_as_they_are(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("from-a-file\n")
    (own,) = providers(listed({**OWN, "keys": ["env:KEY_1", f"file:{secret}", "plain"]}), {"KEY_1": "from-outside"})
    assert own.keys == ("from-outside", "from-a-file", "plain")
    assert "from-a-file" not in repr(own)


def test_fields_of_calls_are_set_by_provider_and_purpose() -> None:
    fields = {
        "default": {"reasoning_effort": "high", "seed": 7},
        "quick": {"reasoning_effort": "low"},
        "title": {"seed": None},
    }
    (own,) = providers(listed({**OWN, "parameters": fields, "thinkingTokens": 100}), {})
    assert own.parameters_for(Purpose.CHAT) == {"reasoning_effort": "high", "seed": 7}
    assert own.parameters_for(Purpose.TITLE) == {"reasoning_effort": "low"}
    assert own.parameters_for(Purpose.EMBEDDING) == {}
    assert own.thinking_tokens == 100


def test_providers_by_their_keys_are_tuned_by_settings_of_their_names() -> None:
    settings = InferenceSettings(
        providers="", parameters='{"groq": {"chat": {"top_p": 0.9}}}', thinking_tokens='{"groq": 50}'
    )
    gemini, groq = providers(settings, {"GROQ_API_KEY": "g", "GEMINI_API_KEY": "m"})
    assert (groq.parameters_for(Purpose.CHAT), groq.thinking_tokens) == ({"top_p": 0.9}, 50)
    assert (gemini.parameters_for(Purpose.CHAT), gemini.thinking_tokens) == ({}, 4096)


@pytest.mark.parametrize(
    "wrong",
    [
        {"parameters": {"chatting": {}}},
        {"parameters": {"chat": {"messages": []}}},
        {"parameters": {"chat": {"max_tokens": 5}}},
        {"thinkingTokens": -1},
    ],
)
def test_fields_that_are_not_set_so_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        providers(listed({**OWN, **wrong}), {})


def test_nothing_is_set_of_a_provider_that_is_not_there() -> None:
    for settings in ({"parameters": '{"nobody": {}}'}, {"thinking_tokens": '{"nobody": 5}'}):
        with pytest.raises(ValueError, match="nobody"):
            providers(listed(OWN, **settings), {})


def test_prompts_leave_room_for_thought() -> None:
    found = providers(listed({**OWN, "contextTokens": 1000, "thinkingTokens": 300}), {})
    assert Catalog(found, timeouts(InferenceSettings())).context_tokens(Purpose.CHAT) == 700


def test_limits_and_prices_of_a_provider_go_before_the_table_for_all() -> None:
    entry = {**OWN, "limits": {"requestsPerMinute": 5}, "prices": {"llama": {"prompt": 1, "completion": 2}}}
    table = '{"llama": {"prompt": 8, "completion": 8}, "other": {"prompt": 3, "completion": 4}}'
    (own,) = providers(listed(entry, prices=table), {})
    assert own.limits == Limits(5, 0)
    assert own.prices == {"llama": Price(1, 2), "other": Price(3, 4)}


@pytest.mark.parametrize("wrong", [{"unknown": 1}, {"name": "Not Allowed"}, {"models": None}])
def test_what_cannot_be_meant_stops_the_start(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        providers(listed({**OWN, **wrong}), {})


def test_two_providers_of_one_name_stop_the_start() -> None:
    with pytest.raises(ValueError, match="must differ"):
        providers(listed(OWN, OWN), {})


def test_an_embeddings_server_of_its_own_alone_makes_vectors() -> None:
    entry = {**OWN, "models": {"default": "llama", "embedding": "e"}}
    settings = listed(entry, embeddings_base_url="http://vectors/v1", embeddings_model="e5-{kind}")
    catalog = Catalog(providers(settings, {}), timeouts(settings))
    assert [(r.provider.name, r.model) for r in catalog.routes(Purpose.EMBEDDING)] == [("embeddings", "e5-{kind}")]
    assert [route.model for route in catalog.routes(Purpose.CHAT)] == ["llama"]


def test_each_purpose_has_its_model_its_time_and_its_length() -> None:
    models = {"default": "large", "quick": "small", "report": "long"}
    settings = listed({**OWN, "models": models, "keys": ["1", "2"]})
    catalog = Catalog(providers(settings, {}), timeouts(settings))
    named = {purpose: {route.model for route in catalog.routes(purpose)} for purpose in Purpose}
    assert (named[Purpose.CHAT], named[Purpose.TITLE], named[Purpose.REPORT]) == ({"large"}, {"small"}, {"long"})
    assert [route.id for route in catalog.routes(Purpose.QUIZ)] == ["own:0", "own:1"]
    seconds = [catalog.timeouts(purpose).total for purpose in (Purpose.TITLE, Purpose.CHAT, Purpose.QUIZ)]
    assert seconds == [10, 45, 120]
    assert max_tokens(settings)[Purpose.TITLE] < max_tokens(settings)[Purpose.CHAT] < max_tokens(settings)[Purpose.QUIZ]
