"""Jobs as workers see them, in MongoDB and in memory: claims, ends, leases, cancels."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from kit.errors import Conflict, Reason
from kit.jobs.model import Cancelled, Failed, Postponed, State, Step, Succeeded
from tests.contract.jobs.conftest import LOST, Stores, new_job


async def test_only_one_of_many_workers_claims_a_job(stores: Stores) -> None:
    await stores.jobs.accept(new_job("a"))
    claims = await asyncio.gather(*(stores.claims.claim("a", f"w{n}", 60) for n in range(10)))
    [won] = [job for job in claims if job is not None]
    assert (won.state, won.token, won.attempt) == (State.RUNNING, 1, 1)
    assert won.started is not None
    assert await stores.claims.claim("missing", "w1", 60) is None


async def test_of_many_jobs_those_are_claimed_that_wait(stores: Stores) -> None:
    for name in ("a", "b", "taken"):
        await stores.jobs.accept(new_job(name))
    await stores.jobs.accept(new_job("later", delay=60))
    held = await stores.claims.claim("taken", "w1", 60)
    claimed = await stores.claims.claim_all(["a", "b", "taken", "later", "missing"], "w1", 60)
    assert {(job.id, job.state, job.token, job.attempt, job.worker) for job in claimed} == {
        (name, State.RUNNING, 1, 1, "w1") for name in ("a", "b")
    }
    assert held == await stores.job("taken")
    assert await stores.claims.claim_all(["a", "b"], "w2", 60) == []


async def test_workers_that_claim_the_same_jobs_share_them(stores: Stores) -> None:
    names = [f"j{number}" for number in range(20)]
    await stores.jobs.accept_all([new_job(name) for name in names])
    shares = await asyncio.gather(*(stores.claims.claim_all(names, f"w{n}", 60) for n in range(5)))
    assert sorted(job.id for share in shares for job in share) == sorted(names)
    for number, share in enumerate(shares):
        assert {job.worker for job in share} <= {f"w{number}"}


async def test_good_ends_are_kept_where_the_claim_still_holds(stores: Stores) -> None:
    good, plain = await stores.running(new_job("a")), await stores.running(new_job("b"))
    lost = await stores.running(new_job("c"), lease=0)
    await stores.backlog.lapsed(3, 10)
    again = await stores.claims.claim("c", "w2", 60)
    assert again is not None
    ends = [(good, {"name": "$reports/1"}), (lost, None), (plain, None)]
    assert await stores.claims.succeed(ends) == [True, False, True]
    done = await stores.job("a")
    assert (done.state, done.progress, done.result) == (State.SUCCEEDED, 100, {"name": "$reports/1"})
    assert (done.worker, done.leased_until, done.ended is not None) == ("", None, True)
    assert (await stores.job("c")).claim == again.claim, "who took over goes on"
    assert await stores.claims.succeed(ends) == [True, False, True], "a reply that was lost may be asked for again"
    assert await stores.job("a") == done
    assert await stores.claims.succeed([(replace(plain, worker="w9"), None)]) == [False]
    assert await stores.claims.succeed([(again.claim, None)]) == [True]


async def test_a_result_that_cannot_be_kept_harms_no_other(stores: Stores) -> None:
    claims = [await stores.running(new_job(name)) for name in ("a", "b")]
    too_large = {"text": "x" * (17 * 1024 * 1024)}
    with contextlib.suppress(Exception):
        await stores.claims.succeed([(claims[0], too_large), (claims[1], None)])
    assert await stores.claims.succeed([(claims[1], None)]) == [True]


async def test_a_result_is_final(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    ended = await stores.claims.settle(claim, Succeeded({"name": "$reports/1"}))
    assert (ended.state, ended.progress, ended.result) == (State.SUCCEEDED, 100, {"name": "$reports/1"})
    assert ended.ended is not None
    assert ended == await stores.job("a")
    with pytest.raises(Conflict):
        await stores.claims.settle(claim, Failed(LOST))
    assert await stores.claims.claim("a", "w2", 60) is None
    assert await stores.jobs.retry("a") is None
    assert await stores.jobs.cancel("a") == ended


async def test_a_failed_attempt_is_tried_again_when_it_is_due(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    waiting = await stores.claims.settle(claim, Failed(LOST, retry_in=3600))
    assert (waiting.state, waiting.delayed, waiting.failures, waiting.failure) == (State.QUEUED, True, 1, LOST)
    assert waiting.ended is None
    assert await stores.claims.claim("a", "w1", 60) is None
    assert await stores.backlog.due(10) == []
    soon = await stores.running(new_job("b"))
    await stores.claims.settle(soon, Failed(LOST, retry_in=0))
    assert [job.id for job in await stores.backlog.due(10)] == ["b"]
    again = await stores.claims.claim("b", "w1", 60)
    assert again is not None
    assert (again.attempt, again.token, again.failures) == (2, 2, 1)


async def test_the_last_failure_parks_a_job_until_it_is_retried_by_hand(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    await stores.claims.step(claim, Step("outline", State.SUCCEEDED, result=[1]))
    parked = await stores.claims.settle(claim, Failed(LOST))
    assert (parked.state, parked.failure, parked.failures) == (State.FAILED, LOST, 1)
    assert await stores.jobs.failed("reports", 10) == ["a"]
    fresh = await stores.jobs.retry("a")
    assert fresh is not None
    assert (fresh.state, fresh.failures, fresh.failure, fresh.ended) == (State.QUEUED, 0, None, None)
    assert [step.result for step in fresh.steps] == [[1]]


async def test_what_is_postponed_has_spent_no_attempt(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    back = await stores.claims.settle(claim, Postponed())
    assert (back.state, back.delayed, back.attempt, back.failures, back.worker) == (State.QUEUED, False, 0, 0, "")
    again = await stores.claims.claim("a", "w2", 60)
    assert again is not None
    later = await stores.claims.settle(again.claim, Postponed(3600, "waits for a provider"))
    assert (later.delayed, later.message, later.attempt) == (True, "waits for a provider", 0)


async def test_who_lost_the_lease_is_refused(stores: Stores) -> None:
    old = await stores.running(new_job("a"), lease=0)
    assert [job.id for job in await stores.backlog.lapsed(3, 10)] == ["a"]
    new = await stores.claims.claim("a", "w1", 60)
    assert new is not None
    for refused in (
        stores.claims.settle(old, Succeeded()),
        stores.claims.report(old, 50, "half"),
        stores.claims.step(old, Step("s", State.RUNNING)),
    ):
        with pytest.raises(Conflict) as lost:
            await refused
        assert lost.value.reason is Reason.LEASE_LOST
    assert await stores.claims.renew([old], 60) == []
    assert (await stores.job("a")).claim == new.claim


async def test_a_renewed_lease_does_not_lapse(stores: Stores) -> None:
    claims = [await stores.running(new_job(name), lease=0) for name in ("a", "b")]
    standing = await stores.claims.renew(claims, 60)
    assert {each.claim for each in standing} == set(claims)
    assert await stores.backlog.lapsed(3, 10) == []
    assert {job.id for job in await stores.backlog.running()} == {"a", "b"}


async def test_a_job_whose_workers_die_is_quarantined(stores: Stores) -> None:
    await stores.jobs.accept(new_job("a"))
    for crash in (1, 2, 3):
        await stores.claims.claim("a", "w1", 0)
        [job] = await stores.backlog.lapsed(3, 10)
        assert (job.crashes, job.state) == (crash, State.QUEUED if crash < 3 else State.FAILED)
    assert job.quarantined
    assert job.failure is not None
    assert job.ended is not None
    retried = await stores.jobs.retry("a")
    assert retried is not None
    assert (retried.crashes, retried.quarantined) == (0, False)


async def test_progress_never_goes_back(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    await stores.claims.report(claim, 40, "reading", ["page 1", "page 2"])
    await stores.claims.report(claim, 20, "")
    await stores.claims.report(claim, None, "still reading", ["page 3"])
    job = await stores.job("a")
    assert (job.progress, job.message, job.log) == (40, "still reading", ("page 1", "page 2", "page 3"))


async def test_steps_keep_their_order_and_their_results(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    await stores.claims.step(claim, Step("one", State.RUNNING))
    await stores.claims.step(claim, Step("two", State.RUNNING, "$going"))
    await stores.claims.step(claim, Step("one", State.SUCCEEDED, result={"$pages": [1, 2]}))
    one, two = (await stores.job("a")).steps
    assert one == Step("one", State.SUCCEEDED, result={"$pages": [1, 2]})
    assert two == Step("two", State.RUNNING, "$going")


async def test_cancelling_ends_what_waits_and_asks_what_runs(stores: Stores) -> None:
    await stores.jobs.accept(new_job("waits", delay=60))
    cancelled = await stores.jobs.cancel("waits")
    assert cancelled is not None
    assert (cancelled.state, cancelled.delayed) == (State.CANCELLED, False)
    claim = await stores.running(new_job("runs"))
    asked = await stores.jobs.cancel("runs")
    assert asked is not None
    assert (asked.state, asked.cancel_requested is not None) == (State.RUNNING, True)
    [standing] = await stores.claims.renew([claim], 60)
    assert standing.cancel_requested
    assert (await stores.claims.settle(claim, Cancelled())).state is State.CANCELLED
    assert await stores.jobs.cancel("missing") is None


async def test_who_was_asked_to_stop_does_not_try_again(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    await stores.jobs.cancel("a")
    ended = await stores.claims.settle(claim, Failed(LOST, retry_in=1))
    assert (ended.state, ended.delayed) == (State.CANCELLED, False)
    assert ended.ended is not None
    await stores.running(new_job("b"), lease=0)
    await stores.jobs.cancel("b")
    assert [job.state for job in await stores.backlog.lapsed(3, 10)] == [State.CANCELLED]


async def test_a_job_that_does_not_stop_is_cancelled_by_force(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    await stores.jobs.cancel("a")
    assert await stores.backlog.overdue_cancels(3600, 10) == []
    [forced] = await stores.backlog.overdue_cancels(-1, 10)
    assert (forced.state, forced.ended is not None) == (State.CANCELLED, True)
    with pytest.raises(Conflict):
        await stores.claims.settle(claim, Succeeded())
