"""The worker of the gateway and its composition root: `python -m services.gateway.worker`."""

from contextlib import AsyncExitStack

from kit.jobs.opening import connect_grounds
from kit.jobs.webhooks.delivering import Delivering
from kit.jobs.webhooks.mongo import MongoWebhooks
from kit.jobs.webhooks.postman import PublicPostman
from kit.jobs.work import Actors
from kit.jobs.worker.keeper import main
from services.gateway.actors import GatewayActors
from services.gateway.opening import connect_cache, connect_peers, open_chat
from services.gateway.settings import GatewaySettings


async def build(settings: GatewaySettings, stack: AsyncExitStack) -> Actors:
    """Opens what the actors stand on; waits for nothing."""
    peers, cache = connect_peers(settings, stack), connect_cache(settings, stack)
    postman = PublicPostman(private=settings.webhooks_private)
    stack.push_async_callback(postman.close)
    webhooks = MongoWebhooks(connect_grounds(settings, stack).database)
    return GatewayActors(open_chat(settings, peers, cache, stack), Delivering(webhooks, postman)).by_kind()


if __name__ == "__main__":
    main("gateway", GatewaySettings(), build)
