"""The composition root of the threads service."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from lectern.threads.v1 import (
    insights_pb2_grpc,
    records_pb2_grpc,
    reports_pb2_grpc,
    threads_pb2_grpc,
    turns_pb2_grpc,
    users_pb2_grpc,
)

from kit.channel import Peer
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import connect_grounds, open_jobs
from kit.jobs.submitting import Jobs
from kit.pagination import PageTokens
from kit.server import Mount
from services.threads.adapters.announcing import Announcements
from services.threads.adapters.courses import GrpcCourses
from services.threads.adapters.neighbours import GrpcMemberships, GrpcSpending
from services.threads.adapters.tail import LoggedTail
from services.threads.insight_servicer import InsightServicer
from services.threads.listing import CachedListing, Listing, StoredListing
from services.threads.opening import Fast, Truth, connect_peer, observer_of, open_actors, open_fast, open_truth
from services.threads.record_servicer import RecordServicer
from services.threads.report_servicer import ReportServicer
from services.threads.service.aftermath import Aftermath
from services.threads.service.conversations import Conversations
from services.threads.service.insights.reading import InsightReading
from services.threads.service.insights.recording import Recording
from services.threads.service.orphans import Orphans
from services.threads.service.records import Records
from services.threads.service.reports.asking import Reports
from services.threads.service.search import Search
from services.threads.service.turns import Turns
from services.threads.service.users.erasing import Erasure
from services.threads.service.users.exporting import Exporting
from services.threads.servicer import ThreadServicer
from services.threads.settings import ThreadsSettings
from services.threads.turn_servicer import TurnServicer
from services.threads.user_servicer import UserServicer
from services.threads.watching import Watching


@dataclass(frozen=True)
class Parts:
    """What several of the servicers share."""

    truth: Truth
    fast: Fast
    observer: Announcements
    conversations: Conversations
    store: MongoJobs
    jobs: Jobs
    tokens: PageTokens
    context: Peer
    inference: Peer


async def build(settings: ThreadsSettings, stack: AsyncExitStack) -> Sequence[Mount]:
    """Opens the databases and puts the service together; waits for MongoDB, but not for Redis."""
    parts = await _parts(settings, stack)
    return [
        Mount(threads_pb2_grpc.add_ThreadServiceServicer_to_server, _threads(settings, parts)),
        Mount(insights_pb2_grpc.add_InsightServiceServicer_to_server, _insights(parts)),
        Mount(reports_pb2_grpc.add_ReportServiceServicer_to_server, _reports(parts)),
        Mount(records_pb2_grpc.add_RecordServiceServicer_to_server, RecordServicer(Records(parts.truth.records))),
        Mount(users_pb2_grpc.add_UserServiceServicer_to_server, _users(parts)),
        Mount(turns_pb2_grpc.add_TurnServiceServicer_to_server, _turns(settings, parts)),
    ]


async def _parts(settings: ThreadsSettings, stack: AsyncExitStack) -> Parts:
    truth, fast = await open_truth(settings, stack), open_fast(settings, stack)
    context, inference = (
        connect_peer(target, settings, stack) for target in (settings.context_target, settings.inference_target)
    )
    grounds = connect_grounds(settings, stack)
    store = MongoJobs(grounds.database)
    jobs = open_jobs(settings, grounds, stack, open_actors(settings, truth, fast, inference))
    aftermath = Aftermath(jobs, analytics_every=settings.analytics_seconds)
    stack.push_async_callback(aftermath.close)
    observer, tokens = observer_of(fast, aftermath), PageTokens(settings.internal_secret)
    conversations = Conversations(
        threads=truth.threads, turns=truth.turns, hot=fast.hot, observer=observer, tokens=tokens
    )
    return Parts(truth, fast, observer, conversations, store, jobs, tokens, context, inference)


def _threads(settings: ThreadsSettings, parts: Parts) -> ThreadServicer:
    truth, fast = parts.truth, parts.fast
    search = Search(threads=truth.threads, turns=truth.search, tokens=parts.tokens)
    watching = Watching(truth.turns, fast.log, fast.bulletin, heartbeat=settings.watch_heartbeat_seconds)
    listing: Listing = StoredListing(parts.conversations)
    if fast.pages is not None:
        listing = CachedListing(listing, fast.pages, parts.tokens)
    return ThreadServicer(conversations=parts.conversations, listing=listing, search=search, watching=watching)


def _insights(parts: Parts) -> InsightServicer:
    return InsightServicer(InsightReading(parts.truth.insights, GrpcCourses(parts.context)))


def _reports(parts: Parts) -> ReportServicer:
    truth = parts.truth
    return ReportServicer(Reports(threads=truth.threads, reports=truth.reports, jobs=parts.jobs, tokens=parts.tokens))


def _users(parts: Parts) -> UserServicer:
    truth, memberships, spending = parts.truth, GrpcMemberships(parts.context), GrpcSpending(parts.inference)
    exporting = Exporting(
        threads=truth.threads,
        turns=truth.turns,
        reports=truth.reports,
        records=truth.records,
        jobs=parts.store,
        memberships=memberships,
        spending=spending,
        tokens=parts.tokens,
    )
    erasure = Erasure(
        threads=truth.threads,
        conversations=parts.conversations,
        reports=truth.reports,
        records=truth.records,
        recording=Recording(truth.insights),
        jobs=parts.store,
        memberships=memberships,
        spending=spending,
    )
    return UserServicer(exporting, erasure)


def _turns(settings: ThreadsSettings, parts: Parts) -> TurnServicer:
    truth, fast = parts.truth, parts.fast
    orphans = Orphans(
        turns=truth.turns,
        owners=truth.owners,
        tail=LoggedTail(fast.log),
        observer=parts.observer,
        owner_lease=settings.owner_lease_seconds,
    )
    turns = Turns(
        threads=truth.threads,
        turns=truth.turns,
        owners=truth.owners,
        hot=fast.hot,
        orphans=orphans,
        observer=parts.observer,
        concurrency=settings.turn_concurrency,
        queue_limit=settings.turn_queue_limit,
        owner_lease=settings.owner_lease_seconds,
    )
    return TurnServicer(turns, orphans)
