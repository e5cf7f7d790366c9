"""Envoy as the chart configures it, before the services of this machine: a question is answered through it."""

from pathlib import Path

import httpx

from deploy.charts import assemble, rendered
from deploy.envoy.config import EdgeConfig
from deploy.envoy.render import write
from kit.settings import LOCAL_SECRET
from local.binaries import envoy
from local.programs.services import target
from tests.charts.test_charts import edge_environment
from tests.e2e.conftest import System
from tests.servers import free_port, started
from tests.working import until

A_MINUTE = 30


async def test_chat_works_through_the_edge_of_the_chart(system: System, tmp_path: Path) -> None:
    instances = system.background.stack.plan.instances
    upstreams = {
        service: target([each.address for each in instances if each.service == service])
        for service in ("gateway", "threads", "context", "inference")
    }
    upstreams["gatewayHttp"] = target([each.http_address for each in instances if each.service == "gateway"])
    chart = assemble(tmp_path / "charts") / "edge"
    port, admin = free_port(), free_port()
    environment = edge_environment(rendered(chart, {"upstreams": upstreams, "addressCallsPerMinute": A_MINUTE})) | {
        "LECTERN_JWT_SECRET": LOCAL_SECRET,
        "LECTERN_EDGE_LISTEN": f"127.0.0.1:{port}",
        "LECTERN_EDGE_ADMIN_LISTEN": f"127.0.0.1:{admin}",
        "LECTERN_EDGE_DESCRIPTORS": str(tmp_path / "descriptors.binpb"),
    }
    write(EdgeConfig.from_environment(environment), tmp_path / "envoy.yaml")
    command = [str(envoy()), "-c", str(tmp_path / "envoy.yaml"), "--disable-hot-restart", "--log-level", "warn"]
    headers = {"authorization": f"Bearer {system.token('charted')}"}
    with started(command, tmp_path / "envoy.log"):
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60, trust_env=False
        ) as client:

            async def ready() -> bool:
                try:
                    return (await client.get("/ready")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(ready)
            question = {
                "course": system.sample.course,
                "videoUrl": system.sample.video_url,
                "message": "What does a wave carry?",
            }
            turn = (await client.post("/v1/chat", json=question)).json()
            assert turn["answer"]
            assert turn["citations"]
            assert (await client.get("/v1/threads", headers={"authorization": "Bearer none"})).status_code == 401

            answers = [await client.get("/v1/none") for _ in range(4 * A_MINUTE)]
            refused = next(answer for answer in answers if answer.status_code == 429)
            assert refused.headers["retry-after"]
            assert refused.json()["details"][0]["reason"] == "RATE_LIMITED"
