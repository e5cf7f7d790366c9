"""The providers out of the settings: LECTERN_PROVIDERS, or those whose keys are set."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from services.inference.families import well_known
from services.inference.model.generation import Purpose
from services.inference.model.providers import Limits, Price, Provider, Timeouts, model_class
from services.inference.settings import InferenceSettings


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


# What is Lectern's own to say of a call.
OWN_FIELDS = frozenset(
    {
        "model",
        "messages",
        "input",
        "stream",
        "stream_options",
        "n",
        "max_tokens",
        "max_completion_tokens",
        "tools",
        "stop",
    }
)
USES = frozenset({"default", "quick", "chat", "bulk", *(purpose.value for purpose in Purpose)})


def _checked(parameters: "dict[str, dict[str, Any]]") -> "dict[str, dict[str, Any]]":
    if strange := parameters.keys() - USES:
        raise ValueError(f"{min(strange)} is no purpose: one of {', '.join(sorted(USES))}")
    if taken := OWN_FIELDS & {name for fields in parameters.values() for name in fields}:
        raise ValueError(f"{min(taken)} is not set by parameters")
    return parameters


Parameters = Annotated[dict[str, dict[str, Any]], AfterValidator(_checked)]
ThinkingTokens = Annotated[int, Field(ge=0, le=1_000_000)]


class PriceEntry(_Model):
    """US dollars for a million tokens."""

    prompt: float
    completion: float


class LimitsEntry(_Model):
    requests_per_minute: int = 0
    tokens_per_minute: int = 0


class ProviderEntry(_Model):
    """One provider in LECTERN_PROVIDERS. A key is given as `env:NAME`, `file:/path` or literally."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    base_url: str
    keys: list[str] = ["none"]
    models: dict[str, str]
    headers: dict[str, str] = {}
    key_header: str = ""
    context_tokens: int = 8192
    prefill: bool = False
    limit_field: str = "max_tokens"
    limits: LimitsEntry = LimitsEntry()
    prices: dict[str, PriceEntry] = {}
    parameters: Parameters = {}
    thinking_tokens: ThinkingTokens = 0


ENTRIES = TypeAdapter(list[ProviderEntry])
PRICES = TypeAdapter(dict[str, PriceEntry])
PARAMETERS = TypeAdapter(dict[str, Parameters])
THINKING = TypeAdapter(dict[str, ThinkingTokens])


def providers(settings: InferenceSettings, environment: Mapping[str, str]) -> list[Provider]:
    """In order of preference; an embeddings server of its own comes last, and alone makes vectors."""
    found = (
        [_provider(entry, environment) for entry in ENTRIES.validate_json(settings.providers)]
        if settings.providers
        else well_known(environment)
    )
    names = [provider.name for provider in found]
    if len(set(names)) != len(names):
        raise ValueError("the names of the providers must differ")
    if settings.embeddings_base_url:
        found = [_without_embeddings(provider) for provider in found]
        model = {"embedding": settings.embeddings_model}
        found.append(Provider("embeddings", settings.embeddings_base_url, ("none",), model))
    entries = PRICES.validate_json(settings.prices or "{}")
    table = {name: Price(entry.prompt, entry.completion) for name, entry in entries.items()}
    found = [replace(provider, prices={**table, **provider.prices}) for provider in found]
    return _tuned(found, PARAMETERS.validate_json(settings.parameters or "{}"), settings.thinking_tokens)


def _tuned(found: list[Provider], parameters: Mapping[str, Parameters], thinking: str) -> list[Provider]:
    """The providers with what LECTERN_PARAMETERS and LECTERN_THINKING_TOKENS say of them."""
    reserves = THINKING.validate_json(thinking or "{}")
    if unknown := (parameters.keys() | reserves.keys()) - {provider.name for provider in found}:
        raise ValueError(f"there is no provider {min(unknown)} to set parameters or thinking tokens of")
    return [
        replace(
            provider,
            parameters={**provider.parameters, **parameters.get(provider.name, {})},
            thinking_tokens=reserves.get(provider.name, provider.thinking_tokens),
        )
        for provider in found
    ]


def timeouts(settings: InferenceSettings) -> dict[str, Timeouts]:
    """The time limits of each class of call; a bulk call may think longer before it begins."""
    connect, first = settings.connect_timeout, settings.first_token_timeout
    between = settings.between_tokens_timeout
    return {
        "quick": Timeouts(connect, min(first, settings.quick_timeout), between, settings.quick_timeout),
        "chat": Timeouts(connect, first, between, settings.chat_timeout),
        "bulk": Timeouts(connect, 2 * first, 2 * between, settings.bulk_timeout),
    }


def max_tokens(settings: InferenceSettings) -> dict[Purpose, int]:
    """How long an answer may get, by purpose."""
    limits = {
        "quick": settings.quick_max_tokens,
        "chat": settings.chat_max_tokens,
        "bulk": settings.bulk_max_tokens,
    }
    return {purpose: limits[model_class(purpose)] for purpose in Purpose}


def _provider(entry: ProviderEntry, environment: Mapping[str, str]) -> Provider:
    values: dict[str, Any] = entry.model_dump(exclude={"keys", "limits", "prices"})
    return Provider(
        **values,
        keys=tuple(_secret(key, environment) for key in entry.keys),
        limits=Limits(entry.limits.requests_per_minute, entry.limits.tokens_per_minute),
        prices={name: Price(price.prompt, price.completion) for name, price in entry.prices.items()},
    )


def _secret(key: str, environment: Mapping[str, str]) -> str:
    if key.startswith("env:"):
        return environment[key.removeprefix("env:")]
    if key.startswith("file:"):
        return Path(key.removeprefix("file:")).read_text(encoding="utf-8").strip()
    return key


def _without_embeddings(provider: Provider) -> Provider:
    """Vectors of different models can't be compared, so only one may make them."""
    return replace(provider, models={use: model for use, model in provider.models.items() if use != "embedding"})
