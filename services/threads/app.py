"""The composition root of the threads service."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from lectern.threads.v1 import insights_pb2_grpc, reports_pb2_grpc, threads_pb2_grpc, turns_pb2_grpc

from kit.channel import Peer
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import connect_grounds
from kit.jobs.policies import POLICIES
from kit.jobs.submitting import Jobs
from kit.pagination import PageTokens
from kit.server import Mount
from services.threads.adapters.announcing import Announcements
from services.threads.adapters.cached import CachedThreads
from services.threads.adapters.courses import GrpcCourses
from services.threads.adapters.tail import LoggedTail
from services.threads.insight_servicer import InsightServicer
from services.threads.opening import Fast, Truth, observer_of, open_fast, open_truth
from services.threads.report_servicer import ReportServicer
from services.threads.service.aftermath import Aftermath
from services.threads.service.conversations import Conversations
from services.threads.service.insights.reading import InsightReading
from services.threads.service.orphans import Orphans
from services.threads.service.reports.asking import Reports
from services.threads.service.search import Search
from services.threads.service.turns import Turns
from services.threads.servicer import ThreadServicer
from services.threads.settings import ThreadsSettings
from services.threads.turn_servicer import TurnServicer
from services.threads.watching import Watching


async def build(settings: ThreadsSettings, stack: AsyncExitStack) -> Sequence[Mount]:
    """Opens the databases and puts the service together; waits for MongoDB, but not for Redis."""
    truth, fast = await open_truth(settings, stack), open_fast(settings, stack)
    jobs = _jobs(settings, stack)
    aftermath = Aftermath(jobs, analytics_every=settings.analytics_seconds)
    stack.push_async_callback(aftermath.close)
    observer = observer_of(fast, aftermath)
    return [
        Mount(threads_pb2_grpc.add_ThreadServiceServicer_to_server, _public(settings, truth, fast, observer)),
        Mount(insights_pb2_grpc.add_InsightServiceServicer_to_server, _insights(settings, truth, stack)),
        Mount(reports_pb2_grpc.add_ReportServiceServicer_to_server, _reports(settings, truth, jobs)),
        Mount(turns_pb2_grpc.add_TurnServiceServicer_to_server, _internal(settings, truth, fast, observer)),
    ]


def _public(settings: ThreadsSettings, truth: Truth, fast: Fast, observer: Announcements) -> ThreadServicer:
    tokens = PageTokens(settings.internal_secret)
    threads = truth.threads if fast.pages is None else CachedThreads(truth.threads, fast.pages)
    conversations = Conversations(threads=threads, turns=truth.turns, hot=fast.hot, observer=observer, tokens=tokens)
    search = Search(threads=threads, turns=truth.search, tokens=tokens)
    watching = Watching(truth.turns, fast.log, fast.bulletin, heartbeat=settings.watch_heartbeat_seconds)
    return ThreadServicer(conversations, search, watching)


def _reports(settings: ThreadsSettings, truth: Truth, jobs: Jobs) -> ReportServicer:
    tokens = PageTokens(settings.internal_secret)
    return ReportServicer(Reports(threads=truth.threads, reports=truth.reports, jobs=jobs, tokens=tokens))


def _insights(settings: ThreadsSettings, truth: Truth, stack: AsyncExitStack) -> InsightServicer:
    context = Peer(settings.context_target, service="threads", secret=settings.internal_secret)
    stack.push_async_callback(context.close)
    return InsightServicer(InsightReading(truth.insights, GrpcCourses(context)))


def _internal(settings: ThreadsSettings, truth: Truth, fast: Fast, observer: Announcements) -> TurnServicer:
    orphans = Orphans(
        turns=truth.turns,
        owners=truth.owners,
        tail=LoggedTail(fast.log),
        observer=observer,
        owner_lease=settings.owner_lease_seconds,
    )
    turns = Turns(
        threads=truth.threads,
        turns=truth.turns,
        owners=truth.owners,
        hot=fast.hot,
        orphans=orphans,
        observer=observer,
        concurrency=settings.turn_concurrency,
        queue_limit=settings.turn_queue_limit,
        owner_lease=settings.owner_lease_seconds,
    )
    return TurnServicer(turns, orphans)


def _jobs(settings: ThreadsSettings, stack: AsyncExitStack) -> Jobs:
    grounds = connect_grounds(settings, stack)
    return Jobs(MongoJobs(grounds.database), grounds.room, grounds.changes, POLICIES)
