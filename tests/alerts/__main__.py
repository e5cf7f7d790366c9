"""`make alerts`: fires each alert by its cause against a running stack, and sees it recover."""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.fake_provider.process import fake_provider
from kit.auth.caller import Role
from local import ports
from local.parts import CHAT_MODEL, EMBEDDINGS, EVERYTHING
from local.sample_course import import_sample
from local.settings import LocalSettings
from local.stack import Stack
from tests.alerts import causes
from tests.alerts.causes import Cause, Rig, held, scripted
from tests.alerts.shortened import alert_names, shortened
from tests.alerts.watched import prometheus

MINUTES = 15
FIRES_WITHIN, RECOVERS_WITHIN = 150.0, 260.0

# The provider has a price, and a breaker that tries it again soon; days have little to spend.
PROVIDER = {
    "name": "fake",
    "models": {"chat": "fake", "embedding": "fake-embedding", "quick": "fake-quick", "bulk": "fake-bulk"},
    "prices": {"fake": {"prompt": 1, "completion": 2}},
}
SETTINGS = {
    "LECTERN_STORE_METRICS_SECONDS": "0.5",
    "LECTERN_BREAKER_OPEN_SECONDS": "5",
    "LECTERN_SPEND_DOLLARS_PER_DAY": "0.1",
    "LECTERN_REDIS_COMMANDS_PER_DAY": "300000",
    "LECTERN_USER_CALLS_PER_MINUTE": "0",
}


@dataclass(frozen=True)
class Scenario:
    """One cause, in words and in deed, and the alerts that it is to fire."""

    words: str
    cause: Cause
    alerts: tuple[str, ...]


@dataclass
class Line:
    """What was seen of one alert, in seconds; None where it was not seen."""

    alert: str
    words: str
    fired: float | None = None
    recovered: float | None = None


TITLES_FAIL = [{"model": "fake-quick", "script": {"status": 400}}]

SCENARIOS = (
    Scenario("redis-cache is killed", held("redis-cache"), ("RedisAway",)),
    Scenario("the dispatcher is killed", held("dispatcher"), ("NoDispatcherLeads", "InstanceGone")),
    Scenario("the Redis of the queues may use 5 % more than it does", causes.queue_is_full, ("RedisQueueFull",)),
    Scenario(
        "Redis is asked 10,000 things a second",
        causes.many_commands,
        ("RedisCommandsNearLimit", "RedisCommandsOverLimit"),
    ),
    Scenario(
        "the provider answers 500",
        scripted(status=500),
        ("BreakerOpen", "NoProviderAnswers", "ChatDegrades"),
    ),
    Scenario("the provider answers 429", scripted(status=429, retry_after=0.2), ("ProviderRefuses",)),
    Scenario("the provider refuses titles", scripted(TITLES_FAIL), ("JobsFail",)),
    Scenario(
        "answers cost a dollar a day each minute", scripted(words=400, text=""), ("SpendNearLimit", "SpendOverLimit")
    ),
    Scenario("the provider begins after 7 s", scripted(first_token_ms=7000), ("FirstWordsAreLate",)),
    Scenario("the provider does not begin to answer a job", causes.job_stands_still, ("JobTakesLong",)),
    Scenario("the course's cache is emptied before each question", causes.courses_change, ("CacheHitsAreRare",)),
    Scenario("clients call as often as they can", causes.many_calls, ("TooManyRequests",)),
    Scenario("lectures of twelve hours are brought in", causes.long_lectures, ("CpuIsHigh",)),
    Scenario(
        "the queue of turns is paused, its worker is killed, 1,010 jobs come",
        causes.jobs_wait,
        ("NobodyWorks", "WorkersFallBehind", "QueueIsLong", "JobsPileUp"),
    ),
    Scenario(
        "mongodb is killed while students ask",
        held("mongodb", asking=True),
        (
            "MongodbAway",
            "EdgeErrors",
            "CallsFail",
            "ChatFails",
            "ChatBudgetBurnsFast",
            "ChatBudgetBurns",
            "ChatBudgetBurnsSlowly",
        ),
    ),
    Scenario("Prometheus is told of no process", causes.nothing_is_scraped, ("NothingIsScraped",)),
)


async def main(wanted: Sequence[str]) -> int:
    """The exit status: 0 where each alert fired and recovered."""
    scenarios = [each for each in SCENARIOS if not wanted or set(wanted) & set(each.alerts)]
    if missing := set(alert_names(shortened())) - {name for each in SCENARIOS for name in each.alerts}:
        sys.exit(f"no cause is known for {', '.join(sorted(missing))}")
    begun, lines = time.monotonic(), list[Line]()
    async with _rig() as rig:
        print(
            f"{len(rig.stack.programs)} programs and Prometheus run after {time.monotonic() - begun:.0f} s", flush=True
        )
        async with asyncio.TaskGroup() as recoveries, asyncio.timeout(MINUTES * 60):
            for scenario in scenarios:
                lines += await _tried(rig, scenario, recoveries)
    _print(lines)
    print(f"\n{time.monotonic() - begun:.0f} s in all")
    return 0 if all(line.fired is not None and line.recovered is not None for line in lines) else 1


async def _tried(rig: Rig, scenario: Scenario, recoveries: asyncio.TaskGroup) -> list[Line]:
    """Causes, sees its alerts fire, and stops causing; that they recover is seen while others are tried."""
    lines = [Line(alert, scenario.words) for alert in scenario.alerts]
    for line in lines:  # fired by an earlier cause: only what fires by this one counts
        await _until(rig, line.alert, fires=False, seconds=RECOVERS_WITHIN)
    print(f"{scenario.words} ...", flush=True)
    begun = time.monotonic()
    async with scenario.cause(rig):
        times = await asyncio.gather(*(_until(rig, each, fires=True, seconds=FIRES_WITHIN) for each in scenario.alerts))
        ended = time.monotonic()
    for line, fired in zip(lines, times, strict=True):
        line.fired = None if fired is None else fired - begun
        print(f"    {line.alert}: {_shown(line.fired)}", flush=True)
        recoveries.create_task(_recovers(rig, line, ended))
    return lines


async def _recovers(rig: Rig, line: Line, ended: float) -> None:
    if line.fired is not None:
        seen = await _until(rig, line.alert, fires=False, seconds=RECOVERS_WITHIN)
        line.recovered = None if seen is None else seen - ended


async def _until(rig: Rig, alert: str, *, fires: bool, seconds: float) -> float | None:
    try:
        return await rig.prometheus.until(alert, fires=fires, seconds=seconds)
    except TimeoutError:
        return None


@asynccontextmanager
async def _rig() -> AsyncIterator[Rig]:
    with tempfile.TemporaryDirectory(prefix="lectern-alerts-") as folder:
        async with fake_provider({"text": causes.ANSWER}) as provider:
            environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | SETTINGS
            environ["LECTERN_PROVIDERS"] = json.dumps([{**PROVIDER, "baseUrl": provider.base_url}])
            settings = LocalSettings(
                data=Path(folder) / "stack",
                environ=environ,
                port=next(ports.free_ports()),
                parts=EVERYTHING - {CHAT_MODEL, EMBEDDINGS},
                shared=1,
            )
            async with (
                Stack(settings) as stack,
                prometheus(Path(folder) / "prometheus", stack.plan.metrics) as watcher,
            ):
                headers = {"authorization": f"Bearer {stack.token('teacher', Role.TEACHER)}"}
                async with httpx.AsyncClient(
                    base_url=stack.base_url, headers=headers, timeout=60, trust_env=False
                ) as client:
                    sample = await import_sample(client)
                rig = Rig(stack, provider, watcher, sample.course, sample.video_url)
                for alert in ("InstanceGone", "NoDispatcherLeads"):  # until the workers and the dispatcher are there
                    await _settled(rig, alert)
                yield rig


async def _settled(rig: Rig, alert: str) -> None:
    """Everything that is scraped answers, and nothing fires."""
    async with asyncio.timeout(120), httpx.AsyncClient(base_url=rig.prometheus.url, trust_env=False) as client:
        while True:
            answer = (await client.get("/api/v1/query", params={"query": 'count(up{job="lectern"} == 1)'})).json()
            found = answer["data"]["result"]
            if (
                found
                and int(found[0]["value"][1]) == len(rig.prometheus.programs)
                and alert not in rig.prometheus.firing
            ):
                return
            await asyncio.sleep(0.5)


def _print(lines: Sequence[Line]) -> None:
    print("\n| alert | cause | fired after | recovered after |\n|---|---|---|---|")
    for line in lines:
        print(f"| {line.alert} | {line.words} | {_shown(line.fired)} | {_shown(line.recovered)} |")


def _shown(seconds: float | None) -> str:
    return "NOT SEEN" if seconds is None else f"{seconds:.0f} s"


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
