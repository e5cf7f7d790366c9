"""The worker of threads and its composition root: `python -m services.threads.worker`."""

from contextlib import AsyncExitStack

from kit.channel import Peer
from kit.jobs.work import Actors
from kit.jobs.worker.keeper import main
from kit.pagination import PageTokens
from services.threads.actors import ThreadActors
from services.threads.adapters.writing import InferenceWriter
from services.threads.opening import observer_of, open_fast, open_truth
from services.threads.service.conversations import Conversations
from services.threads.service.insights.recording import Recording
from services.threads.service.reports.writing import Reporting
from services.threads.service.retention import Retention
from services.threads.service.titling import Titling
from services.threads.settings import ThreadsSettings


async def build(settings: ThreadsSettings, stack: AsyncExitStack) -> Actors:
    """Opens what the actors stand on; waits for MongoDB, but not for Redis."""
    truth, fast = await open_truth(settings, stack), open_fast(settings, stack)
    inference = Peer(settings.inference_target, service="threads", secret=settings.internal_secret, tls=settings.tls)
    stack.push_async_callback(inference.close)
    writer = InferenceWriter(inference)
    observer, tokens = observer_of(fast), PageTokens(settings.internal_secret)
    conversations = Conversations(
        threads=truth.threads, turns=truth.turns, hot=fast.hot, observer=observer, tokens=tokens
    )
    return ThreadActors(
        Titling(threads=truth.threads, turns=truth.turns, writer=writer, observer=observer),
        Reporting(turns=truth.turns, reports=truth.reports, writer=writer),
        Recording(truth.insights),
        Retention(truth.idle, conversations, days=settings.thread_retention_days),
    ).by_kind()


if __name__ == "__main__":
    main("threads", ThreadsSettings(), build)
