"""A process's vitals, out of its own metrics."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from kit.vitals.ports import Lookups, Vitals

ACTIVE_TURNS = "ai_chat_active_threads"
LOOKUPS = "lectern_cache_requests"
ENTRIES = "lectern_cache_entries"
STATM = Path("/proc/self/statm")


def vitals(service: str, instance: str, reader: InMemoryMetricReader) -> Vitals:
    """As of now."""
    lookups: defaultdict[str, Lookups] = defaultdict(Lookups)
    turns = 0
    for name, labels, number in _points(reader):
        layer = str(labels.get("layer", ""))
        if name == ACTIVE_TURNS:
            turns += number
        elif name == ENTRIES:
            lookups[layer] += Lookups(entries=number)
        elif name == LOOKUPS:
            hit = labels.get("result") == "hit"
            lookups[layer] += Lookups(hits=number * hit, misses=number * (not hit))
    return Vitals(service, instance, memory_bytes(), turns, dict(lookups))


def memory_bytes() -> int:
    """What the process holds in main memory; 0 where the system does not tell."""
    if not STATM.exists():
        return 0
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _points(reader: InMemoryMetricReader) -> Iterator[tuple[str, Mapping[str, object], int]]:
    data = reader.get_metrics_data()
    for resource in data.resource_metrics if data else ():
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                if metric.name in (ACTIVE_TURNS, LOOKUPS, ENTRIES):
                    for point in metric.data.data_points:
                        yield metric.name, point.attributes or {}, int(getattr(point, "value", 0))
