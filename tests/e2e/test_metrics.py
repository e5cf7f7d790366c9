"""What the running stack exports, held against what is promised and what docs/operations.md says of it."""

import asyncio
import re
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from kit.auth.caller import Role
from tests.e2e.conftest import System

# Promised to whoever built dashboards and alarms on them: names and labels.
PROMISED = {
    "ai_chat_requests_total": {"status"},
    "ai_chat_request_duration_seconds_bucket": {"le"},
    "ai_chat_active_threads": set(),
    "ai_chat_time_to_first_token_seconds_bucket": {"le"},
    "lectern_cache_requests_total": {"layer", "result"},
    "lectern_jobs_total": {"kind", "state"},
    "lectern_queue_depth": {"queue"},
    "lectern_job_duration_seconds_bucket": {"kind", "le"},
    "lectern_breaker_state": {"provider"},
    "lectern_provider_requests_total": {"provider", "outcome"},
    "gen_ai_client_token_usage_bucket": {
        "gen_ai_operation_name",
        "gen_ai_provider_name",
        "gen_ai_request_model",
        "gen_ai_token_type",
        "le",
    },
    "gen_ai_client_operation_duration_seconds_bucket": {
        "gen_ai_operation_name",
        "gen_ai_provider_name",
        "gen_ai_request_model",
        "le",
    },
}
STATUSES = {"completed", "degraded", "failed", "left", "cancelled", "refused"}
DURATIONS = {0.1, 0.5, 1, 2, 5, 10}
# Exported only where they are set.
LIMITS = {"lectern_spend_micros_per_day_limit", "lectern_redis_commands_per_day_limit"}
OURS = re.compile(r"(?:ai_chat|lectern|rpc_server|http_server|gen_ai)_\w+")

Samples = dict[str, list[dict[str, str]]]


async def exported(system: System) -> Samples:
    """The labels of all samples by their names, over all processes."""
    found: Samples = {}
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        for name, address in system.background.stack.plan.metrics.items():
            answer = await client.get(f"http://{address}/metrics")
            assert answer.status_code == 200, name
            for family in text_string_to_metric_families(answer.text):
                for sample in family.samples:
                    found.setdefault(sample.name, []).append(dict(sample.labels))
    return found


async def used(system: System) -> Samples:
    """The same once a question was answered and its jobs have ended, through all the processes that come late."""
    async with system.client("teacher", Role.TEACHER) as client:
        asked = {"course": system.sample.course, "videoUrl": system.sample.video_url, "message": "What is a wave?"}
        (await client.post("/v1/chat", json=asked)).raise_for_status()
        await client.get("/api/courses")
    async with asyncio.timeout(90):
        while True:
            try:
                found = await exported(system)
            except httpx.TransportError:  # a worker that has not started
                found = {}
            if PROMISED.keys() <= found.keys():
                return found
            await asyncio.sleep(0.5)


async def test_what_is_promised_and_written_down_is_exported(system: System) -> None:
    found = await used(system)
    for name, labels in PROMISED.items():
        assert all(set(each) == labels for each in found[name]), name
    assert {each["status"] for each in found["ai_chat_requests_total"]} == STATUSES
    buckets = {float(each["le"]) for each in found["ai_chat_request_duration_seconds_bucket"]}
    assert buckets >= DURATIONS
    assert min(buckets) < min(DURATIONS)
    stores = {each["dependency"] for each in found["lectern_dependency_up"]}
    assert stores == {"mongodb", "redis-cache", "redis-queue"}
    public = found["envoy_http_downstream_rq_xx_total"]  # the parser calls all counters so
    assert any(each["envoy_http_conn_manager_prefix"] == "edge" for each in public)
    names = {re.sub(r"_(bucket|count|sum)$", "", name) for name in found}
    written = (Path(__file__).parents[2] / "docs" / "operations.md").read_text().partition("## Alerts")[0]
    documented = set(re.findall(rf"`({OURS.pattern})", written)) - LIMITS
    assert documented <= names
    assert {name for name in names if OURS.fullmatch(name)} <= documented


async def test_a_figure_leads_to_its_trace(system: System) -> None:
    await used(system)
    accept = {"accept": "application/openmetrics-text; version=1.0.0"}
    told = ""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        for address in system.background.stack.plan.metrics.values():
            told += (await client.get(f"http://{address}/metrics", headers=accept)).text
    lines = [line for line in told.splitlines() if line.startswith('ai_chat_requests_total{status="completed"}')]
    (trace, *_) = [found[1] for line in lines if (found := re.search(r'trace_id="(\w{32})"', line))]
    assert trace in system.spans.read_text()


async def test_the_edge_tells_its_statistics_and_nothing_else(system: System) -> None:
    address = system.background.stack.plan.metrics["envoy"]
    async with httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client:
        for path in ("/stats/prometheus", "/metrics"):
            assert "envoy_http_downstream_rq_xx" in (await client.get(path)).text
        for path in ("/", "/stats", "/quitquitquit", "/config_dump", "/stats/prometheus/../../config_dump"):
            assert (await client.get(path)).status_code == 404, path
        assert (await client.post("/stats/prometheus")).status_code == 404
        assert (await client.post("/quitquitquit")).status_code == 404
