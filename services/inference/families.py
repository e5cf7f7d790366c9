"""Providers that are known by name: a key in the environment switches them on."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.inference.model.providers import Provider


@dataclass(frozen=True, slots=True)
class Family:
    """How a well-known provider is reached; the environment may name another model."""

    name: str
    base_url: str
    key_variable: str
    model_variable: str
    model: str
    context_tokens: int = 128_000
    limit_field: str = "max_tokens"
    thinking_tokens: int = 0


FAMILIES = (
    Family(
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai/",
        "GEMINI_API_KEY",
        "GEMINI_MODEL",
        "gemini-2.5-flash",
        thinking_tokens=4096,
    ),
    Family(
        "groq",
        "https://api.groq.com/openai/v1",
        "GROQ_API_KEY",
        "GROQ_MODEL",
        "llama-3.3-70b-versatile",
    ),
    Family("sarvam", "https://api.sarvam.ai/v1", "SARVAM_API_KEY", "SARVAM_MODEL", "sarvam-m", 8192),
)
OPENAI_URL = "https://api.openai.com/v1"
OPENAI_MODEL = "gpt-4o-mini"


def well_known(environment: Mapping[str, str]) -> list[Provider]:
    """The providers whose keys are set; several keys are separated by commas."""
    providers = [_openai(environment), *(_of(family, environment) for family in FAMILIES), _azure(environment)]
    return [provider for provider in providers if provider is not None]


def keys_of(value: str) -> tuple[str, ...]:
    return tuple(key.strip() for key in value.split(",") if key.strip())


def _openai(environment: Mapping[str, str]) -> Provider | None:
    """OpenAI itself, or whatever OPENAI_BASE_URL points to, which may need no key."""
    base_url = environment.get("OPENAI_BASE_URL", "")
    keys = keys_of(environment.get("OPENAI_API_KEY", ""))
    if not base_url and not keys:
        return None
    own = not base_url or "api.openai.com" in base_url
    return Provider(
        name="openai" if own else "default",
        base_url=base_url or OPENAI_URL,
        keys=keys or ("none",),
        models={"default": environment.get("OPENAI_MODEL") or OPENAI_MODEL},
        context_tokens=int(environment.get("OPENAI_CONTEXT_TOKENS") or (128_000 if own else 4096)),
        limit_field="max_completion_tokens" if own else "max_tokens",
    )


def _of(family: Family, environment: Mapping[str, str]) -> Provider | None:
    keys = keys_of(environment.get(family.key_variable, ""))
    if not keys:
        return None
    model = environment.get(family.model_variable) or family.model
    return Provider(
        family.name,
        family.base_url,
        keys,
        {"default": model},
        context_tokens=family.context_tokens,
        limit_field=family.limit_field,
        thinking_tokens=family.thinking_tokens,
    )


def _azure(environment: Mapping[str, str]) -> Provider | None:
    """Azure's v1 endpoint speaks OpenAI's protocol; the model is the deployment's name."""
    keys = keys_of(environment.get("AZURE_OPENAI_API_KEY", ""))
    endpoint = environment.get("AZURE_OPENAI_ENDPOINT", "")
    if not keys or not endpoint:
        return None
    return Provider(
        name="azure",
        base_url=f"{endpoint.rstrip('/')}/openai/v1/",
        keys=keys,
        models={"default": environment.get("AZURE_OPENAI_DEPLOYMENT") or OPENAI_MODEL},
        key_header="api-key",
        context_tokens=128_000,
        limit_field="max_completion_tokens",
    )
