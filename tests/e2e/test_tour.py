"""What a person sees at the end of `make run`."""

from io import StringIO
from typing import Any

from rich.console import Console

from kit.auth.caller import Role
from local.sample_course import import_sample
from local.screen import Screen
from local.settings import DEMO_USER
from local.tour import Tour
from tests.e2e.conftest import System


async def test_the_tour_shows_an_answer_of_each_protocol_with_its_citations(system: System) -> None:
    shown = StringIO()

    await Tour(system.background.stack, Screen(Console(file=shown, width=200))).show()

    by_rest, by_grpc = shown.getvalue().split("gRPC asks:")
    assert "REST asks:" in by_rest
    for answer, part in zip(await answers(system), (by_rest, by_grpc), strict=True):
        assert answer["text"].split()[0] in part
        for citation in answer.get("citations", ()):
            minutes, seconds = divmod(int(float(citation.get("startOffset", "0s").rstrip("s"))), 60)
            assert f"[{minutes}:{seconds:02}]" in part
    assert system.base_url in by_grpc
    assert system.background.stack.token(DEMO_USER).split(".")[0] in by_grpc
    assert "often wrong" in by_grpc


async def answers(system: System) -> list[dict[str, Any]]:
    """The two last answers to the person at the terminal; which words the demo model finds is luck."""
    async with system.client(DEMO_USER) as demo:
        [thread] = (await demo.get("/v1/threads")).json()["threads"]
        found = (await demo.get(f"/v1/{thread['name']}/messages?orderBy=sequence%20desc")).json()["messages"]
    return [message for message in found if message["role"] == "ASSISTANT"][1::-1]


async def test_importing_the_sample_again_adds_nothing(system: System) -> None:
    async with system.client("teacher", Role.TEACHER) as teacher:
        again = await import_sample(teacher)
        course = (await teacher.get(f"/v1/{again.course}/videos")).json()
    assert again.added == 0
    assert len(course["videos"]) == 3
