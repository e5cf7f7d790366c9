"""Which providers can serve a purpose, in order of preference."""

import functools
from collections.abc import Mapping, Sequence

from services.inference.model.generation import Purpose
from services.inference.model.providers import Provider, Route, Timeouts, model_class

KEPT_ROUTES = 256
# A model that writes may neither make vectors nor see: these are served only where a model is named for them.
NAMED_ALONE = frozenset({Purpose.EMBEDDING, Purpose.RECOGNITION})


class Catalog:
    """The configured providers with their models, and the time limits of each class of call."""

    def __init__(self, providers: Sequence[Provider], timeouts: Mapping[str, Timeouts]) -> None:
        """`providers` in order of preference; `timeouts` by class: quick, chat, bulk."""
        self._providers = tuple(providers)
        self._timeouts = timeouts
        self._all_routes = functools.lru_cache(KEPT_ROUTES)(self._found_routes)

    @property
    def providers(self) -> tuple[Provider, ...]:
        return self._providers

    def timeouts(self, purpose: Purpose) -> Timeouts:
        return self._timeouts[model_class(purpose)]

    @property
    def bulk_timeouts(self) -> Timeouts:
        return self._timeouts["bulk"]

    def routes(self, purpose: Purpose, wanted: str = "", tokens: int = 0) -> list[Route]:
        """Every provider and key that serves the purpose with that much context; the wanted model's first."""
        return [route for route in self._all_routes(purpose, wanted) if route.provider.context_tokens >= tokens]

    def _found_routes(self, purpose: Purpose, wanted: str) -> tuple[Route, ...]:
        routes = [
            Route(provider, index, model)
            for provider in self._providers
            if (model := _model(provider, purpose, wanted))
            for index in range(len(provider.keys))
        ]
        return tuple(sorted(routes, key=lambda route: bool(wanted) and route.model != wanted))

    def breakers(self) -> Mapping[str, Sequence[str]]:
        """The ids of the routes that serve each class of text, in order of preference."""
        ids: dict[str, list[str]] = {}
        for purpose in Purpose:
            if purpose is not Purpose.EMBEDDING:
                ids.setdefault(model_class(purpose), []).extend(route.id for route in self.routes(purpose))
        return {name: list(dict.fromkeys(routes)) for name, routes in ids.items()}

    def context_tokens(self, purpose: Purpose) -> int:
        """The context of the preferred provider, but for what its models think in; prompts are made for it."""
        routes = self.routes(purpose)
        if not routes:
            return 8192
        context, thinking = routes[0].provider.context_tokens, routes[0].provider.thinking_tokens
        return context - min(thinking, context // 2)

    def preferred_model(self, purpose: Purpose, wanted: str = "") -> str:
        routes = self.routes(purpose, wanted)
        return routes[0].model if routes else ""


def _model(provider: Provider, purpose: Purpose, wanted: str) -> str:
    models = provider.models
    if wanted and wanted in models.values():
        return wanted
    if purpose in NAMED_ALONE:
        return models.get(purpose.value, "")
    return models.get(purpose.value) or models.get(model_class(purpose)) or models.get("default", "")
