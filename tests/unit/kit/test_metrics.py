"""What is counted of every call, under the names by which dashboards and alerts know it."""

import asyncio
import contextlib
from typing import Any

import pytest
from prometheus_client import REGISTRY

from kit.call import Call
from kit.errors import NotFound
from kit.interceptors.metrics import metrics

METHOD = "/lectern.tests.v1.Counted/Call"


async def _answer() -> str:
    assert _active() == 1
    return "done"


async def _refuse() -> Any:
    raise NotFound("no such thing")


async def _fail() -> Any:
    raise KeyError("defect")


async def _leave() -> Any:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("handle", "status", "outcome"),
    [
        (_answer, "OK", "ok"),
        (_refuse, "NOT_FOUND", "refused"),
        (_fail, "INTERNAL", "failed"),
        (_leave, "CANCELLED", "left"),
    ],
)
async def test_a_call_is_counted_under_the_status_that_it_ends_with(handle: Any, status: str, outcome: str) -> None:
    before, call = _ended(status, outcome), Call(METHOD, {}, None)
    with contextlib.suppress(NotFound, KeyError, asyncio.CancelledError):
        await metrics(call, handle)
    assert _ended(status, outcome) == before + 1
    assert _active() == 0
    assert call.status == status


def _ended(status: str, outcome: str) -> float:
    labels = {"rpc_method": METHOD, "rpc_grpc_status": status, "outcome": outcome}
    return REGISTRY.get_sample_value("rpc_server_duration_seconds_count", labels) or 0.0


def _active() -> float | None:
    return REGISTRY.get_sample_value("rpc_server_active_calls", {"rpc_method": METHOD})
