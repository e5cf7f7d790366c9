"""What the edge answers when instances behind it are dead."""

import asyncio

import httpx

from tests.edge.conftest import Edge


async def both_answer(client: httpx.AsyncClient) -> None:
    """Returns once Envoy's first health checks have let both instances in."""
    seen: set[str] = set()
    async with asyncio.timeout(30):
        while seen != {"threads-1", "threads-2"}:
            seen.add((await client.get("/v1/threads/t")).json()["title"])


class TestFailures:
    async def test_one_dead_instance_of_two_is_not_noticed(self, running_edge: Edge) -> None:
        async with running_edge.client(running_edge.token()) as client:
            await both_answer(client)
            await running_edge.threads["threads-1"].stop(None)
            after = [await client.get("/v1/threads/t") for _ in range(12)]
        assert {(answer.status_code, answer.json()["title"]) for answer in after} == {(200, "threads-2")}

    async def test_no_instance_left_is_said_in_the_shape_of_errors(self, running_edge: Edge) -> None:
        for server in running_edge.threads.values():
            await server.stop(None)
        async with running_edge.client(running_edge.token()) as client:
            answer = await client.get("/v1/threads/t")
        assert answer.status_code == 503
        assert answer.json()["code"] == 14
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["details"][0]["reason"] == "DEPENDENCY_UNAVAILABLE"
