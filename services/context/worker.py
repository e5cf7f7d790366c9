"""The worker of context and its composition root: `python -m services.context.worker`."""

from contextlib import AsyncExitStack

from kit.jobs.work import Actors
from kit.jobs.worker.keeper import main
from services.context.opening import open_actors, open_knowing, open_outside
from services.context.settings import ContextSettings


async def build(settings: ContextSettings, stack: AsyncExitStack) -> Actors:
    """Opens what the actors stand on; waits for nothing."""
    outside = open_outside(settings, stack)
    return open_actors(settings, outside, open_knowing(settings, outside, stack))


if __name__ == "__main__":
    main("context", ContextSettings(), build)
