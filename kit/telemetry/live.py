"""Gauges that are asked for when somebody looks: what is no longer watched has no series, so nothing goes stale."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Values: TypeAlias = Mapping[tuple[str, ...], float]
Read: TypeAlias = Callable[[], Values]
Combine: TypeAlias = Callable[[Iterable[float]], float]


class LiveGauge(Collector):
    """What several parts of a process tell of themselves under one name."""

    def __init__(
        self,
        name: str,
        documentation: str,
        labels: Sequence[str] = (),
        *,
        combine: Combine = sum,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        """Parts that tell of the same labels are one series, by `combine`."""
        self._name, self._documentation, self._labels = name, documentation, tuple(labels)
        self._combine = combine
        self._reads: dict[int, Read] = {}
        self._numbers = itertools.count()
        registry.register(self)

    def watch(self, read: Read) -> Callable[[], None]:
        """`read` answers, in the thread that serves metrics, the values by their labels. Returns what ends it."""
        number = next(self._numbers)
        self._reads[number] = read
        return lambda: self.forget(number)

    def watch_one(self, read: Callable[[], float]) -> Callable[[], None]:
        """The same for a gauge without labels."""
        return self.watch(lambda: {(): read()})

    def forget(self, number: int) -> None:
        self._reads.pop(number, None)

    def describe(self) -> Iterable[Metric]:
        return [self._family()]

    def collect(self) -> Iterable[Metric]:
        found: dict[tuple[str, ...], list[float]] = {}
        for read in list(self._reads.values()):
            for labels, value in read().items():
                found.setdefault(labels, []).append(value)
        family = self._family()
        for labels, values in sorted(found.items()):
            family.add_metric(labels, self._combine(values))
        yield family

    def _family(self) -> GaugeMetricFamily:
        return GaugeMetricFamily(self._name, self._documentation, labels=self._labels)
