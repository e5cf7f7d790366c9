"""What every bucket of permits promises, and the turnstile over it."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from kit.auth.caller import Caller
from kit.errors import Reason, ResourceExhausted
from kit.limits.memory import MemoryPermits
from kit.limits.ports import Permits
from kit.limits.redis import RedisPermits
from kit.limits.turnstile import Turnstile
from kit.outage import Outage
from kit.redis import connect
from kit.settings import CommonSettings
from tests.servers import free_port


@pytest.fixture(params=["memory", "redis"])
async def permits(request: pytest.FixtureRequest) -> AsyncIterator[Permits]:
    if request.param == "memory":
        yield MemoryPermits()
        return
    settings = CommonSettings(redis_url=request.getfixturevalue("redis_url"))
    client = connect(settings.redis_url, settings)
    yield RedisPermits(client)
    await client.aclose()


async def present() -> None:
    pass


def turnstile(permits: Permits, user: int, tenant: int = 0) -> Turnstile:
    return Turnstile(permits, Outage("limits", present), user_per_minute=user, tenant_per_minute=tenant)


async def passed(stile: Turnstile, caller: Caller, times: int) -> int:
    async def once() -> bool:
        try:
            await stile.admit(caller)
        except ResourceExhausted as error:
            return error.reason is not Reason.RATE_LIMITED
        return True

    return sum(await asyncio.gather(*(once() for _ in range(times))))


async def test_a_bucket_gives_a_minutes_worth_and_says_when_there_is_more(permits: Permits) -> None:
    bucket = uuid.uuid4().hex
    assert (await permits.take(bucket, 10, 4)).permits == 4
    assert (await permits.take(bucket, 10, 8)).permits == 6
    none = await permits.take(bucket, 10, 1)
    assert none.permits == 0
    assert 0 < none.wait <= 6
    assert (await permits.take(uuid.uuid4().hex, 10, 1)).permits == 1


async def test_a_bucket_fills_with_time(permits: Permits) -> None:
    bucket = uuid.uuid4().hex
    assert (await permits.take(bucket, 60_000, 60_000)).permits == 60_000  # a thousand a second
    async with asyncio.timeout(10):
        while not (none := await permits.take(bucket, 60_000, 1)).permits:  # noqa: ASYNC110 - time itself is waited for
            await asyncio.sleep(none.wait)  # what it says is how long it takes


async def test_a_limit_holds_over_instances(permits: Permits) -> None:
    user = Caller("school", uuid.uuid4().hex)
    stiles = [turnstile(permits, 30) for _ in range(2)]
    counts = await asyncio.gather(*(passed(stile, user, 40) for stile in stiles))
    assert 30 <= sum(counts) <= 34  # some may have come back with time


async def test_many_at_once_waste_no_permits(permits: Permits) -> None:
    user = Caller("school", uuid.uuid4().hex)
    assert await passed(turnstile(permits, 1000), user, 900) == 900


async def test_users_share_their_tenants_limit_and_services_pass(permits: Permits) -> None:
    tenant = uuid.uuid4().hex
    stile = turnstile(permits, 0, 10)
    counts = [await passed(stile, Caller(tenant, name), 8) for name in ("ann", "bob")]
    assert 10 <= sum(counts) <= 12
    assert await passed(stile, Caller(tenant, "ann", service="gateway"), 50) == 50
    assert await passed(stile, Caller("another", "ann"), 8) == 8


async def test_a_refusal_says_when_to_come_back(permits: Permits) -> None:
    user, stile = Caller("school", uuid.uuid4().hex), turnstile(permits, 3)
    assert await passed(stile, user, 3) == 3
    with pytest.raises(ResourceExhausted) as refused:
        await stile.admit(user)
    assert refused.value.retry_after is not None
    assert 0 < refused.value.retry_after <= 20


async def test_without_redis_each_process_counts_for_itself() -> None:
    settings = CommonSettings(redis_url=f"redis://127.0.0.1:{free_port()}/0")
    client = connect(settings.redis_url, settings)
    stile = Turnstile(RedisPermits(client), Outage("limits", client.ping), user_per_minute=20, tenant_per_minute=0)
    assert await passed(stile, Caller("school", "ann"), 30) in range(20, 24)
    await client.aclose()


async def test_a_tenant_named_like_a_user_of_another_has_its_own_bucket(permits: Permits) -> None:
    stile, tenant = turnstile(permits, user=100, tenant=100), uuid.uuid4().hex
    assert await passed(stile, Caller(tenant, "ana"), 100) == 100
    assert await passed(stile, Caller(f"{tenant}/ana", "bob"), 100) == 100
