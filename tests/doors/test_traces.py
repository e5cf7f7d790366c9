"""Traces as whoever is on call finds them: by the id of a request, whole, and without what students ask."""

import asyncio
import time
from collections.abc import Sequence

import pytest

from tests.collector import Told
from tests.doors.conftest import Doors

pytestmark = pytest.mark.asyncio(loop_scope="session")

SERVICES = {f"lectern-{name}" for name in ("edge", "gateway", "threads", "context", "inference")}
STORES = {"redis", "mongodb"}


def stores_of(told: Sequence[Told]) -> set[str]:
    return {each.attributes["db.system.name"] for each in told if "db.system.name" in each.attributes}


async def test_one_trace_of_a_turn_is_found_by_its_request_id_and_goes_through_everything(doors: Doors) -> None:
    request = f"exam-{time.time_ns()}"
    await doors.provider.script(words=3)
    await doors.provider.reset()
    async with doors.client() as client:
        answer = await client.post("/v1/chat", json=doors.question(), headers={"x-request-id": request})
    answer.raise_for_status()
    assert answer.headers["x-request-id"] == request
    trace = await asyncio.to_thread(doors.collector.find, "lectern.request_id", request)

    def whole(told: Sequence[Told]) -> bool:
        return {each.service for each in told} >= SERVICES and stores_of(told) >= STORES

    told = await asyncio.to_thread(doors.collector.wait, trace, whole)
    assert whole(told), sorted((each.service, each.name) for each in told)
    [root] = [each for each in told if not each.span.parent_span_id]
    assert (root.service, root.attributes["lectern.request_id"]) == ("lectern-edge", request)
    known = {each.id for each in told}
    assert {each.name for each in told if each is not root and each.span.parent_span_id not in known} == set()
    assert [each.name for each in told if each.name.startswith("chat ")]
    [answered] = [each for each in told if "lectern.first_text_ms" in each.attributes]
    assert answered.service == "lectern-gateway"
    # A job that names the thread may call the model too.
    chats = [r for r in await doors.provider.requests() if r["path"].endswith("/chat/completions")]
    assert trace in {r["traceparent"].split("-")[1] for r in chats}


async def test_a_trace_says_nothing_of_what_students_ask(doors: Doors) -> None:
    trace, secret = f"{time.time_ns():032x}", f"my-private-question-{time.time_ns()}"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    await doors.provider.script(words=3)
    async with doors.client() as client:
        (await client.post("/v1/chat", json=doors.question(message=secret), headers=headers)).raise_for_status()
    told = await asyncio.to_thread(doors.collector.wait, trace, lambda told: stores_of(told) >= STORES)
    assert stores_of(told) == STORES
    assert secret not in str([each.span for each in told])


async def test_a_job_goes_on_in_the_trace_of_whoever_submitted_it(doors: Doors) -> None:
    trace = f"{time.time_ns():032x}"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    await doors.provider.script(words=3)
    async with doors.client() as client:
        job = (await client.post("/v1/chat:enqueue", json=doors.question(), headers=headers)).json()
    assert job["traceId"] == trace

    def whole(told: Sequence[Told]) -> bool:
        names = {each.name for each in told}
        return "job run_turn" in names and {each.service for each in told} >= {"lectern-gateway-worker", *SERVICES}

    told = await asyncio.to_thread(doors.collector.wait, trace, whole)
    assert whole(told), sorted((each.service, each.name) for each in told)


async def test_a_trace_that_comes_unsampled_is_kept_nowhere(doors: Doors) -> None:
    trace, later = f"{time.time_ns():032x}", f"{time.time_ns() + 1:032x}"
    await doors.provider.script(words=3)
    async with doors.client() as client:
        for each, flag in ((trace, "00"), (later, "01")):
            headers = {"traceparent": f"00-{each}-00f067aa0ba902b7-{flag}"}
            (await client.post("/v1/chat", json=doors.question(), headers=headers)).raise_for_status()
    await asyncio.to_thread(doors.collector.wait, later, lambda told: {each.service for each in told} >= SERVICES)
    assert doors.collector.of(trace) == []
