"""Tabs with the real socket.io client, through the edge, over two gateways of which one dies in mid-answer."""

import json
import os
import signal

import pytest

from local.program import Ready
from tests.e2e.conftest import System
from tests.javascript import start_node

TABS, POLLING = 6, 2


@pytest.mark.timeout(180)
async def test_every_tab_sees_the_whole_answer_in_order_though_a_gateway_dies(system: System) -> None:
    seen = len(system.background.events)
    process = await start_node(
        "sockets.js",
        base=system.base_url,
        token=system.token("tabs"),
        course=system.sample.course,
        video=system.sample.video_url,
        tabs=TABS,
        polling=POLLING,
    )
    assert process.stdout is not None
    assert (await process.stdout.readline()).strip() == b"begun"
    os.kill(system.background.stack.pid("gateway-1"), signal.SIGKILL)
    printed, problems = await process.communicate()
    result = json.loads(printed or b"{}")
    await system.seen(lambda event: isinstance(event, Ready) and event.name == "gateway-1", seen)

    assert result, problems.decode()
    whole = result["tabs"][0]
    assert [number for number, _ in whole] == list(range(1, len(whole) + 1))
    assert whole[-1][1] == "completed", whole
    assert all(tab == whole for tab in result["tabs"]), result
