"""What operators see and set over REST: providers, usage, budgets."""

from typing import Any

import httpx
import pytest

from kit.auth.caller import Role
from tests.e2e.conftest import System

pytestmark = pytest.mark.asyncio(loop_scope="session")


def question(system: System, text: str) -> dict[str, str]:
    return {"course": system.sample.course, "message": text}


async def spent(student: httpx.AsyncClient) -> list[dict[str, Any]]:
    """The lines of the student's own usage for chat."""
    usage = (await student.get("/v1/usage")).json()
    return [line for line in usage.get("lines", []) if line["purpose"] == "chat"]


async def test_providers_are_told_to_admins_alone(system: System) -> None:
    async with system.client("root", Role.ADMIN) as admin, system.client("ana") as student:
        listed = (await admin.get("/v1/providers")).json()["providers"]
        refused = await student.get("/v1/providers")

    assert [key["state"] for key in listed[0]["keys"]] == ["CLOSED"]
    assert refused.status_code == 403
    assert refused.json()["details"][0]["reason"] == "ROLE_REQUIRED"


async def test_a_turn_is_paid_for_until_the_budget_is_spent(system: System) -> None:
    async with system.client("root", Role.ADMIN) as admin, system.client("thrifty") as student:
        turn = (await student.post("/v1/chat", json=question(system, "What does a thrifty wave carry?"))).json()
        while not (lines := await spent(student)):
            pass
        kept = (await admin.put("/v1/budgets", json={"user": "thrifty", "tokenLimit": "1"})).json()
        while (refused := await student.post("/v1/chat", json=question(system, "And a rich one?"))).is_success:
            pass  # each instance looks budgets up anew every two seconds
        listed = (await admin.get("/v1/budgets")).json()["budgets"]
        await admin.put("/v1/budgets", json={"user": "thrifty"})

    assert [line["user"] for line in lines] == ["thrifty"]
    assert lines[0]["totals"]["completionTokens"] == turn["usage"]["completionTokens"]
    assert kept["tokenLimit"] == "1"
    assert [each["user"] for each in listed] == ["thrifty"]
    assert refused.status_code == 429
    assert refused.json()["details"][0]["reason"] == "BUDGET_EXHAUSTED"
