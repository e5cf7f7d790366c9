"""The dispatcher's composition root."""

import asyncio
import os
import socket
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack

from kit.breaker.roster import connect_roster
from kit.jobs.dispatcher.chores import Advancing, Chore, Rooms, Scheduling, Telling
from kit.jobs.dispatcher.governor import Governor
from kit.jobs.dispatcher.leader import Leader
from kit.jobs.dispatcher.measuring import measure
from kit.jobs.dispatcher.releases import Releases
from kit.jobs.dispatcher.schedules import Schedule, Schedules
from kit.jobs.dispatcher.timetable import TIMETABLE
from kit.jobs.health import BreakerHealth
from kit.jobs.mongo.backlog import MongoBacklog
from kit.jobs.mongo.controls import MongoQueueControls
from kit.jobs.mongo.fleet import MongoLeadership, MongoScheduleMarks, MongoWorkers
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import Grounds, open_grounds
from kit.jobs.policies import Policies
from kit.jobs.ports import ProviderHealth, Signal, Topic
from kit.jobs.settings import DispatcherSettings
from kit.jobs.submitting import Jobs
from kit.jobs.webhooks.announcing import Announcing
from kit.jobs.webhooks.mongo import MongoEndedJobs, MongoWebhooks
from kit.server import Mount


async def build(settings: DispatcherSettings, stack: AsyncExitStack) -> Sequence[Mount]:
    """Leads or stands by until the process ends."""
    await lead(settings, stack, settings.policies, BreakerHealth(connect_roster(settings, stack)), TIMETABLE)
    return []


async def lead(
    settings: DispatcherSettings,
    stack: AsyncExitStack,
    policies: Policies,
    health: ProviderHealth,
    schedules: Sequence[Schedule] = (),
) -> None:
    """Starts the rounds; the stack ends them."""
    grounds = await open_grounds(settings, stack)
    governor = _governor(settings, grounds, policies, health)
    chores = _chores(settings, grounds, governor, policies, schedules)
    leader = Leader(
        f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}",
        MongoLeadership(grounds.database),
        grounds.signals,
        chores,
        lease=settings.dispatcher_lease_seconds,
        tick=settings.dispatcher_tick_seconds,
        others=[lambda: _rules_by(health)],
    )
    measure(settings, leader, list(policies.queues), stack)
    rounds = asyncio.create_task(leader.run())

    async def stop() -> None:
        leader.stop()
        await rounds

    stack.push_async_callback(stop)


def _chores(
    settings: DispatcherSettings,
    grounds: Grounds,
    governor: Governor,
    policies: Policies,
    schedules: Sequence[Schedule],
) -> Sequence[Chore]:
    jobs = Jobs(MongoJobs(grounds.database), grounds.room, grounds.changes, policies)
    marks, releases = MongoScheduleMarks(grounds.database), _releases(settings, grounds)
    announcing = Announcing(MongoEndedJobs(grounds.database), MongoWebhooks(grounds.database), marks, jobs)
    tick, sweep, pace = settings.dispatcher_tick_seconds, settings.dispatcher_sweep_seconds, settings.redis_pace
    look = min(sweep, settings.job_lease_seconds, settings.job_cancel_grace_seconds)
    return [
        Rooms(
            governor,
            releases,
            tick=max(tick, pace.tick),
            audit=max(settings.dispatcher_audit_seconds, pace.audit),
            sweep=max(sweep, pace.audit),
        ),
        Advancing(releases, tick=tick, look=look),
        Scheduling(Schedules(schedules, marks, jobs)),
        Telling(announcing, sweep=sweep),
    ]


async def _rules_by(health: ProviderHealth) -> AsyncGenerator[Signal, None]:
    async for _ in health.changes():
        yield Signal(Topic.RULES)


def _governor(settings: DispatcherSettings, grounds: Grounds, policies: Policies, health: ProviderHealth) -> Governor:
    return Governor(
        policies,
        grounds.room,
        MongoQueueControls(grounds.database),
        MongoWorkers(grounds.database),
        health,
        ahead=settings.jobs_ahead,
        alive_within=settings.worker_alive_seconds,
        reassert=settings.redis_pace.reassert,
    )


def _releases(settings: DispatcherSettings, grounds: Grounds) -> Releases:
    return Releases(
        MongoBacklog(grounds.database),
        grounds.room,
        grounds.changes,
        max_crashes=settings.job_max_crashes,
        cancel_grace=settings.job_cancel_grace_seconds,
        lease=settings.job_lease_seconds,
    )
