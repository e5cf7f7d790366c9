"""Limits of queues by setting: read from the environment, held to bounds, given to all who work by them."""

import json

import pytest
from pydantic import ValidationError

from kit.jobs.limits import QueueLimits, Rate, RateLimit
from kit.jobs.policies import POLICIES
from kit.jobs.settings import DispatcherSettings, JobsSettings
from kit.jobs.work import Actors, Work
from kit.jobs.worker.process import capacity_of
from services.context.settings import ContextSettings
from services.gateway.settings import GatewaySettings
from services.threads.settings import ThreadsSettings

SETTING = "LECTERN_QUEUE_LIMITS"


@pytest.mark.parametrize("kind", [GatewaySettings, ThreadsSettings, ContextSettings, DispatcherSettings])
def test_every_process_of_jobs_reads_them(kind: type[JobsSettings], monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"reports": {"concurrency": 50, "rate": {"count": 100}}, "turns": {"rate": {"count": 9}}}
    monkeypatch.setenv(SETTING, json.dumps(limits))
    queues = kind().policies.queues
    assert (queues["reports"].concurrency, queues["reports"].per_worker) == (50, 5)
    assert (queues["reports"].rate, queues["turns"].rate) == (Rate(100, 60.0), Rate(9, 60.0))
    assert queues["titles"] == POLICIES.queues["titles"]
    assert kind().policies.of("generate_report").queue == queues["reports"]


def test_without_the_setting_the_table_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTING, raising=False)
    assert JobsSettings().policies.queues == POLICIES.queues


def test_a_rate_of_nothing_is_without_a_limit() -> None:
    limits = {"reports": QueueLimits(rate=RateLimit(count=0))}
    assert JobsSettings(queue_limits=limits).policies.queues["reports"].rate is None


def test_a_worker_runs_as_many_as_the_setting_says() -> None:
    async def act(work: Work) -> None: ...

    actors = Actors()
    actors.add("ingest_document", act)
    policies = JobsSettings(queue_limits={"documents": QueueLimits(per_worker=75)}).policies
    assert capacity_of(actors, policies) == {"documents": 75}


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ('{"reportz": {"concurrency": 1}}', "no queue 'reportz'; there are analytics, courses"),
        ('{"reports": {"concurrency": 0}}', "reports.concurrency"),
        ('{"reports": {"concurrency": 10001}}', "reports.concurrency"),
        ('{"reports": {"per_worker": 501}}', "reports.per_worker"),
        ('{"reports": {"perWorker": 5}}', "reports.perWorker"),
        ('{"reports": {"rate": {"count": -1}}}', "reports.rate.count"),
        ('{"reports": {"rate": {"count": 1, "seconds": 0.5}}}', "reports.rate.seconds"),
    ],
)
def test_a_process_does_not_start_by_a_wrong_setting(limits: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, limits)
    with pytest.raises(ValidationError) as refused:
        JobsSettings()
    assert told in str(refused.value)


@pytest.mark.parametrize("empty", ["", " ", "{}"])
def test_an_empty_setting_changes_nothing(monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    monkeypatch.setenv(SETTING, empty)
    assert JobsSettings().policies.queues == POLICIES.queues


@pytest.mark.parametrize("wrong", ["x", "[]", '{"reports": 5}', '{"reports": {"concurrency": 0}}', '{"nothing": {}}'])
def test_a_wrong_setting_keeps_a_process_from_starting_and_is_named(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv(SETTING, wrong)
    with pytest.raises(ValueError, match="queue_limits"):
        JobsSettings()
