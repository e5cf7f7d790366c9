"""The worker of threads and its composition root: `python -m services.threads.worker`."""

from contextlib import AsyncExitStack

from kit.jobs.work import Actors
from kit.jobs.worker.keeper import main
from services.threads.opening import connect_peer, open_actors, open_fast, open_truth
from services.threads.settings import ThreadsSettings


async def build(settings: ThreadsSettings, stack: AsyncExitStack) -> Actors:
    """Opens what the actors stand on; waits for MongoDB, but not for Redis."""
    truth, fast = await open_truth(settings, stack), open_fast(settings, stack)
    return open_actors(settings, truth, fast, connect_peer(settings.inference_target, settings, stack))


if __name__ == "__main__":
    main("threads", ThreadsSettings(), build)
