"""The providers out of the settings: LECTERN_PROVIDERS, or those whose keys are set."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from services.inference.families import well_known
from services.inference.model.providers import Limits, Price, Provider


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


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


ENTRIES = TypeAdapter(list[ProviderEntry])
PRICES = TypeAdapter(dict[str, PriceEntry])


def providers(
    configured: str, prices: str, embeddings: tuple[str, str], environment: Mapping[str, str]
) -> list[Provider]:
    """In order of preference. `embeddings` is the base URL and model of a server of its own, or empty."""
    found = (
        [_provider(entry, environment) for entry in ENTRIES.validate_json(configured)]
        if configured
        else well_known(environment)
    )
    names = [provider.name for provider in found]
    if len(set(names)) != len(names):
        raise ValueError("the names of the providers must differ")
    base_url, model = embeddings
    if base_url:
        found = [_without_embeddings(provider) for provider in found]
        found.append(Provider("embeddings", base_url, ("none",), {"embedding": model}))
    table = {
        name: Price(entry.prompt, entry.completion) for name, entry in PRICES.validate_json(prices or "{}").items()
    }
    return [replace(provider, prices={**table, **provider.prices}) for provider in found]


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
