"""What operators set of queues: kept, recorded, and refused where somebody else was faster."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from kit.auth.caller import Caller, Role
from kit.errors import Conflict, Reason
from kit.jobs.controls import QueueControl, Standing
from kit.jobs.limits import Rate
from kit.jobs.policies import Queue
from tests.contract.jobs.conftest import ADMIN, Stores

REPORTS = Queue("reports", concurrency=5, per_worker=5, rate=Rate(10, 60.0))
TITLES = Queue("titles", concurrency=32, per_worker=8)
OLGA = Caller("other", "olga", frozenset({Role.ADMIN}))


async def test_what_was_never_changed_has_no_control(stores: Stores) -> None:
    assert await stores.controls.controls() == {}
    assert await stores.controls.changes("reports", 10) == []
    assert QueueControl().applied(REPORTS) == REPORTS


async def test_limits_and_pauses_are_kept_beside_each_other(stores: Stores) -> None:
    await stores.controls.change(REPORTS, {"paused": True}, ADMIN)
    await stores.controls.change(REPORTS, {"concurrency": 50}, ADMIN)
    await stores.controls.change(REPORTS, {"rate": Rate(0, 60.0)}, ADMIN)
    await stores.controls.change(TITLES, {"paused": True}, ADMIN)
    await stores.controls.change(TITLES, {"paused": False}, ADMIN)
    controls = await stores.controls.controls()
    reports = controls["reports"]
    assert (reports.paused, reports.concurrency, reports.rate, reports.revision) == (True, 50, Rate(0, 60.0), 3)
    assert reports.changed is not None
    assert datetime.now(UTC) - reports.changed < timedelta(minutes=1)
    limited = reports.applied(REPORTS)
    assert (limited.concurrency, limited.rate, limited.per_worker) == (50, None, 5)
    assert not controls["titles"].paused


async def test_a_limit_that_is_taken_back_is_the_settings(stores: Stores) -> None:
    await stores.controls.change(REPORTS, {"concurrency": 50, "rate": Rate(1, 1.0)}, ADMIN)
    control = await stores.controls.change(REPORTS, {"concurrency": None, "rate": None}, ADMIN)
    assert control.applied(REPORTS) == REPORTS


async def test_each_change_is_recorded_with_who_when_and_from_what_to_what(stores: Stores) -> None:
    await stores.controls.change(REPORTS, {"concurrency": 50, "rate": Rate(100, 60.0)}, ADMIN)
    await stores.controls.change(TITLES, {"paused": True}, ADMIN)
    await stores.controls.change(REPORTS, {"paused": True}, OLGA)
    last, first = await stores.controls.changes("reports", 10)
    assert (first.tenant, first.user, last.tenant, last.user) == ("school", "eve", "other", "olga")
    assert first.at <= last.at
    assert first.before == Standing(paused=False, concurrency=5, rate=Rate(10, 60.0))
    assert first.after == last.before == Standing(paused=False, concurrency=50, rate=Rate(100, 60.0))
    assert last.after == Standing(paused=True, concurrency=50, rate=Rate(100, 60.0))


async def test_what_is_the_same_already_is_no_change(stores: Stores) -> None:
    made = await stores.controls.change(REPORTS, {"concurrency": 50}, ADMIN)
    assert await stores.controls.change(REPORTS, {"concurrency": 50}, OLGA) == made
    assert await stores.controls.change(TITLES, {"paused": False}, ADMIN) == QueueControl()
    assert len(await stores.controls.changes("reports", 10)) == 1
    assert await stores.controls.changes("titles", 10) == []


async def test_an_older_etag_changes_and_records_nothing(stores: Stores) -> None:
    read = QueueControl().etag
    made = await stores.controls.change(REPORTS, {"concurrency": 50}, ADMIN, read)
    with pytest.raises(Conflict) as refused:
        await stores.controls.change(REPORTS, {"concurrency": 1}, OLGA, read)
    assert refused.value.reason is Reason.ETAG_MISMATCH
    assert (await stores.controls.controls())["reports"] == made
    assert len(await stores.controls.changes("reports", 10)) == 1
    await stores.controls.change(REPORTS, {"concurrency": 1}, OLGA, made.etag)


async def test_changes_at_the_same_time_are_all_kept_and_recorded(stores: Stores) -> None:
    await asyncio.gather(
        stores.controls.change(REPORTS, {"paused": True}, ADMIN),
        stores.controls.change(REPORTS, {"concurrency": 7}, OLGA),
        stores.controls.change(REPORTS, {"rate": Rate(3, 60.0)}, ADMIN),
    )
    control = (await stores.controls.controls())["reports"]
    assert (control.paused, control.concurrency, control.rate, control.revision) == (True, 7, Rate(3, 60.0), 3)
    assert len(await stores.controls.changes("reports", 10)) == 3


async def test_the_record_is_read_in_pages(stores: Stores) -> None:
    for number in range(1, 6):
        await stores.controls.change(REPORTS, {"concurrency": 10 * number}, ADMIN)
    found: list[int] = []
    after = None
    while page := await stores.controls.changes("reports", 2, after):
        found += [change.after.concurrency for change in page]
        after = page[-1].at, page[-1].id
    assert sorted(found, reverse=True) == [50, 40, 30, 20, 10]
    assert len(found) == 5
