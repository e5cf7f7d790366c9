"""Gauges and figures that are asked for when metrics are read, and are gone with whoever told of them."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from kit.dependencies import Dependencies
from kit.telemetry.asked import serve_asked
from kit.telemetry.live import LiveGauge


def told(registry: CollectorRegistry) -> list[str]:
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_what_is_no_longer_watched_has_no_series() -> None:
    registry = CollectorRegistry()
    gauge = LiveGauge("depth", "Jobs", ["queue"], registry=registry)
    forget = gauge.watch(lambda: {("titles",): 3})
    assert told(registry) == ['depth{queue="titles"} 3.0']
    forget()
    assert told(registry) == []


def test_parts_that_tell_of_the_same_are_one_series() -> None:
    registry = CollectorRegistry()
    total = LiveGauge("turns", "Turns", registry=registry)
    worst = LiveGauge("state", "States", ["provider"], combine=max, registry=registry)
    total.watch_one(lambda: 1)
    total.watch_one(lambda: 2)
    worst.watch(lambda: {("openai",): 1})
    worst.watch(lambda: {("openai",): 2})
    assert told(registry) == ["turns 3.0", 'state{provider="openai"} 2.0']


async def test_figures_are_asked_for_when_they_are_read_and_kept_for_a_while() -> None:
    registry, asked = CollectorRegistry(), list[int]()

    async def ask() -> Iterable[Metric]:
        asked.append(len(asked))
        return [GaugeMetricFamily("clients", "Clients", value=len(asked))]

    async with AsyncExitStack() as stack:
        serve_asked(ask, stack, kept=60, registry=registry)
        assert asked == []
        for _ in range(2):
            assert await asyncio.to_thread(told, registry) == ["clients 1.0"]
        assert asked == [0]
    assert told(registry) == []


async def test_a_store_that_does_not_answer_is_a_figure_and_no_failure() -> None:
    async def answers() -> None: ...

    async def refuses() -> None:
        raise ConnectionError("refused")

    async def hangs() -> None:
        await asyncio.Event().wait()

    pings = {"mongodb": answers, "redis-queue": refuses, "redis-cache": hangs}
    (family,) = await Dependencies(pings).metrics()
    up = {sample.labels["dependency"]: sample.value for sample in family.samples}
    assert up == {"mongodb": 1, "redis-queue": 0, "redis-cache": 0}
