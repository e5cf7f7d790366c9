"""A process's vitals, out of its own metrics."""

import os
from collections import defaultdict
from pathlib import Path

from prometheus_client import CollectorRegistry

from kit.vitals.ports import Lookups, Vitals

# Instruments of `kit.telemetry.metrics`.
ACTIVE_TURNS = "lectern_turns_running"
ACTIVE_THREADS = "ai_chat_active_threads"
LOOKUPS = "lectern_cache_requests_total"
ENTRIES = "lectern_cache_entries"
STATM = Path("/proc/self/statm")


def vitals(service: str, instance: str, metrics: CollectorRegistry) -> Vitals:
    """As of now."""
    lookups: defaultdict[str, Lookups] = defaultdict(Lookups)
    turns = threads = 0
    for metric in metrics.restricted_registry([ACTIVE_TURNS, ACTIVE_THREADS, LOOKUPS, ENTRIES]).collect():
        for sample in metric.samples:
            layer, number = sample.labels.get("layer", ""), int(sample.value)
            if sample.name == ACTIVE_TURNS:
                turns += number
            elif sample.name == ACTIVE_THREADS:
                threads += number
            elif sample.name == ENTRIES:
                lookups[layer] += Lookups(entries=number)
            elif sample.name == LOOKUPS and number:
                hit = sample.labels["result"] == "hit"
                lookups[layer] += Lookups(hits=number * hit, misses=number * (not hit))
    return Vitals(service, instance, memory_bytes(), turns, dict(lookups), threads)


def memory_bytes() -> int:
    """What the process holds in main memory; 0 where the system does not tell."""
    if not STATM.exists():
        return 0
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
