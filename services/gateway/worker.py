"""The worker of the gateway and its composition root: `python -m services.gateway.worker`."""

from contextlib import AsyncExitStack

from kit.jobs.work import Actors
from kit.jobs.worker.keeper import main
from services.gateway.actors import TurnActors
from services.gateway.opening import connect_cache, connect_peers, open_chat
from services.gateway.settings import GatewaySettings


async def build(settings: GatewaySettings, stack: AsyncExitStack) -> Actors:
    """Opens what the actors stand on; waits for nothing."""
    peers, cache = connect_peers(settings, stack), connect_cache(settings, stack)
    return TurnActors(open_chat(settings, peers, cache, stack)).by_kind()


if __name__ == "__main__":
    main("gateway", GatewaySettings(), build)
