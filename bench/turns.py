"""Whole turns on a whole stack: turns a second, time to the first text, and what each process takes for a turn.

Run by `python -m bench turns`. Students ask one question after another, by gRPC at the gateway and by server-sent
events at the edge; the model is a provider that does as it is told.
"""

import argparse
import asyncio
from contextlib import AsyncExitStack

from bench.load.asked import Figures
from bench.load.crowd import Crowd
from bench.load.doors import grpc_doors, rest_doors
from bench.load.processor import Meter, machine, per_turn
from bench.load.rig import Rig, Script, rig

DOORS = ("grpc", "rest")
WARM_SECONDS = 3.0


async def measure(arguments: argparse.Namespace) -> None:
    script = Script(arguments.first_token_ms, arguments.words_per_second)
    async with rig(script, {"gateway": arguments.gateways} if arguments.gateways else {}) as running:
        for door in arguments.doors.split(","):
            await _one_door(running, door, arguments.students, arguments.seconds)


async def _one_door(running: Rig, door: str, students: int, seconds: float) -> None:
    async with AsyncExitStack() as exits:
        doors = (
            await grpc_doors(running.target("gateway"), students, exits)
            if door == "grpc"
            else await rest_doors(running.stack.base_url, students, exits)
        )
        crowd = Crowd(running, doors)
        await crowd.ask_for(WARM_SECONDS)
        meter, began = Meter(running), asyncio.get_running_loop().time()
        asked = await crowd.ask_for(seconds)
        figures = Figures.of(asked, asyncio.get_running_loop().time() - began)
        print(f"{door}, {students} students at once ({machine()}):\n  {figures}", flush=True)
        print(f"  processor time a turn:\n{per_turn(meter.since(), figures.turns)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench turns", description=__doc__)
    parser.add_argument("--students", type=int, default=24, help="how many ask at once")
    parser.add_argument("--seconds", type=float, default=15, help="how long they ask by each door")
    parser.add_argument("--doors", default=",".join(DOORS), help="grpc, rest, or both by a comma")
    parser.add_argument("--gateways", type=int, default=0, help="processes of the gateway, each service apart")
    parser.add_argument("--first-token-ms", type=float, default=0, help="how long the model thinks")
    parser.add_argument("--words-per-second", type=float, default=0, help="how fast it speaks; 0 says all at once")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
