"""Fifty calls at once against a budget for ten, over two processes; and what the ledger says afterwards."""

import asyncio
import time

from lectern.inference.v1 import generation_pb2 as pb
from lectern.inference.v1 import operations_pb2 as ops
from lectern.inference.v1 import operations_pb2_grpc

from bench.fake_provider.process import fake_provider
from bench.inference.fleet import Process, fleet
from kit.auth.caller import Caller, Role
from kit.errors import ResourceExhausted
from tests.inference import STUDENT, events_of, providers_json

CALLS = 50
WORDS = 30
PROMPT = 10
BUDGET = 10
ADMIN = Caller(STUDENT.tenant, "root", frozenset({Role.ADMIN}))
SETTLE_SECONDS = 20


async def run() -> None:
    script = {"words": WORDS, "words_per_second": 100}
    async with fake_provider(script) as remote, fleet(2, providers_json(remote)) as processes:
        await _budget(processes[0], BUDGET * (WORDS + PROMPT))
        passed = sum(await asyncio.gather(*(_passes(processes[number % 2]) for number in range(CALLS))))
        served = await remote.counts()
        total = await _settled(processes[1], passed)
    print(f"{CALLS} calls at once at 2 processes, a budget for {BUDGET}: passed {passed}", end="")
    print(f", refused {CALLS - passed}, upstream calls {served['requests']}")
    print(f"  tokens in the ledger {total.prompt_tokens} + {total.completion_tokens}", end="")
    print(f", as the provider counted them {served['prompt_tokens']} + {served['completion_tokens']}")


async def _budget(process: Process, tokens: int) -> None:
    stub = process.peer.stub(operations_pb2_grpc.BudgetServiceStub)
    budget = ops.Budget(user=STUDENT.user, token_limit=tokens)
    await process.peer.call(stub.UpdateBudget, ops.UpdateBudgetRequest(budget=budget), ADMIN)


async def _passes(process: Process) -> bool:
    message = pb.PromptMessage(role=pb.PromptMessage.USER, text="What is it?")
    ask = pb.StreamGenerateRequest(purpose=pb.PURPOSE_COMPLETION, messages=[message], max_tokens=WORDS)
    try:
        await events_of(process.peer, ask)
    except ResourceExhausted:
        return False
    return True


async def _settled(process: Process, calls: int) -> ops.Usage.Totals:
    """The ledger once it knows all calls: it is written after the answers."""
    stub = process.peer.stub(operations_pb2_grpc.UsageServiceStub)
    ends = time.monotonic() + SETTLE_SECONDS
    while True:
        totals = (await process.peer.call(stub.GetUsage, ops.GetUsageRequest(), STUDENT)).totals
        if totals.calls >= calls or time.monotonic() > ends:
            return totals
        await asyncio.sleep(0.05)
