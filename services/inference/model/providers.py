"""Providers, and the routes by which a call can reach a model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.inference.model.generation import Purpose


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Time limits of one call, in seconds."""

    connect: float
    first_token: float
    between_tokens: float
    total: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a provider allows each key in a minute; 0 is unlimited."""

    requests_per_minute: int = 0
    tokens_per_minute: int = 0


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens."""

    prompt: float
    completion: float


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenAI-compatible service. `models` maps purposes or classes (quick, chat, bulk, default) to names."""

    name: str
    base_url: str
    keys: tuple[str, ...] = field(repr=False)
    models: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    key_header: str = ""  # where the key stands, if not in `Authorization`
    context_tokens: int = 8192
    prefill: bool = False  # continues an assistant message at its last character
    limit_field: str = "max_tokens"
    limits: Limits = Limits()
    prices: Mapping[str, Price] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    thinking_tokens: int = 0  # what its models may think beyond the limit of an answer

    def parameters_for(self, purpose: Purpose) -> Mapping[str, Any]:
        """Further fields of a call's body: the purpose's before those of its class, these before the default ones.

        None stands for a field that is left out. Embeddings have only what is set for them.
        """
        if not self.parameters:
            return {}
        names = (
            ("default", model_class(purpose), purpose.value) if purpose is not Purpose.EMBEDDING else (purpose.value,)
        )
        merged = {name: value for each in names for name, value in self.parameters.get(each, {}).items()}
        return {name: value for name, value in merged.items() if value is not None}

    @property
    def routes(self) -> list[str]:
        """The ids of its routes: one for each key."""
        return [Route(self, index, "").id for index in range(len(self.keys))]


@dataclass(frozen=True, slots=True)
class Route:
    """One way to a model: a provider, one of its keys, and the model's name there."""

    provider: Provider
    key_index: int
    model: str

    @property
    def id(self) -> str:
        """Names provider and key without telling the key."""
        return f"{self.provider.name}:{self.key_index}"

    @property
    def key(self) -> str:
        return self.provider.keys[self.key_index]

    @property
    def price(self) -> Price | None:
        """None where the configuration knows no price for the model."""
        return self.provider.prices.get(self.model)


QUICK = frozenset({Purpose.TITLE, Purpose.EMBEDDING})
BULK = frozenset({Purpose.REPORT, Purpose.QUIZ, Purpose.COURSE, Purpose.RECOGNITION})


def model_class(purpose: Purpose) -> str:
    if purpose in QUICK:
        return "quick"
    return "bulk" if purpose in BULK else "chat"
