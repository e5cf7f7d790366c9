"""Several services in one process, for machines too small to give each one of its own.

Each keeps its server, port, pipeline and health. Those that call each other do so within the process.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from kit.inprocess import SCHEME
from kit.process import Build, run, running
from kit.server import Server
from kit.settings import CommonSettings

NAME = "services"


@dataclass(frozen=True)
class Member:
    """A service by its name, the class of its settings, and its composition root."""

    name: str
    settings: type[CommonSettings]
    build: Build[Any]


def main(members: Sequence[Member]) -> None:
    """Runs them until SIGTERM or SIGINT, then drains them; each stands on those before it."""
    settings = members_settings(members, os.environ)
    run(NAME, settings[members[-1].name], together(members, settings))


def members_settings(members: Sequence[Member], environ: Mapping[str, str]) -> dict[str, CommonSettings]:
    """The settings of each: where it listens is said by LECTERN_<NAME>_LISTEN, and the others are here."""
    here = {f"{member.name}_target": f"{SCHEME}{member.name}" for member in members}
    settings = {member.name: _settings(member, here, environ) for member in members}
    for member in members[:-1]:
        settings[member.name].health_listen = ""  # the last one, which starts when all others serve, tells for all
    return settings


@asynccontextmanager
async def together(
    members: Sequence[Member], settings: Mapping[str, CommonSettings]
) -> AsyncIterator[Mapping[str, Server]]:
    """Their servers by name, started one after the other. All leave at once; then each drains, the last one first."""
    async with AsyncExitStack() as stack:
        servers: dict[str, Server] = {}
        for member in members:
            address = f"{SCHEME}{member.name}"
            started = running(member.name, settings[member.name], member.build, address)
            servers[member.name] = await stack.enter_async_context(started)
        try:
            yield servers
        finally:
            await asyncio.gather(*(server.leave() for server in servers.values()))


def _settings(member: Member, here: Mapping[str, str], environ: Mapping[str, str]) -> CommonSettings:
    known = member.settings.model_fields
    own: dict[str, Any] = {name: address for name, address in here.items() if name in known}
    if listen := environ.get(f"LECTERN_{member.name.upper()}_LISTEN"):
        own["listen"] = listen
    return member.settings(**own)
