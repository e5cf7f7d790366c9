"""Turns whose owner is gone: taken over by another process, or put on record as broken off."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kit.auth.caller import Caller
from kit.errors import Conflict, NotFound, Reason
from services.threads.model import Answer, Exchange, Lease, State, Turn, turns_to_read
from services.threads.ports import Owners, ThreadObserver, TurnStore, TurnTail
from services.threads.service.history import window
from services.threads.service.limits import check_owner


@dataclass(frozen=True, slots=True)
class Claimed:
    """A turn under its new owner; without a lease where it had ended by then."""

    turn: Turn
    lease: Lease | None
    history: tuple[Exchange, ...] = ()


class Orphans:
    """What becomes of a turn when the process that answered it dies."""

    def __init__(
        self, *, turns: TurnStore, owners: Owners, tail: TurnTail, observer: ThreadObserver, owner_lease: float
    ) -> None:
        """`owner_lease` is in seconds."""
        self._turns = turns
        self._owners = owners
        self._tail = tail
        self._observer = observer
        self._owner_lease = owner_lease
        self._archivist = f"archivist-{secrets.token_hex(8)}"

    async def claim(self, caller: Caller, thread: str, turn: str, owner: str, history_tokens: int) -> Claimed:
        """Gives the turn to `owner`; raises Conflict with TURN_IN_PROGRESS while another one lives."""
        check_owner(owner)
        found = await self._found(caller, thread, turn)
        if found.lease is None:
            return Claimed(found, None)
        lease = await self._lease(caller, found, owner)
        if lease is None:
            return Claimed(await self._ended_by_then(caller, found), None)
        recent = await self._turns.ended(caller, thread, found.sequence, turns_to_read(history_tokens), descending=True)
        claimed = replace(found, lease=lease, owner_alive=True)
        return Claimed(claimed, lease, window(recent, history_tokens))

    async def archive(self, caller: Caller, orphans: Sequence[Turn]) -> list[Turn]:
        """Ends the turns with what was said in them, so that nothing asked is lost. Returns those that ended."""
        if orphans:
            # Owned while they are put on record, so that others who ask meanwhile leave them to this process.
            await self._owners.renew(self._archivist, self._owner_lease)
        archived = [await self._archive(caller, turn) for turn in orphans]
        return [turn for turn in archived if turn is not None]

    async def _archive(self, caller: Caller, turn: Turn) -> Turn | None:
        lease = await self._turns.reassign(caller, turn, self._archivist)
        if lease is None:
            return None
        said = Answer(text=await self._tail.said(turn), failure_reason=Reason.STREAM_INTERRUPTED.value)
        state = State.PARTIAL if said.text else State.FAILED
        try:
            partial = await self._turns.finish(caller, replace(turn, state=state, answer=said), lease)
        except (Conflict, NotFound):
            return None  # taken over or deleted meanwhile: no longer an orphan
        await self._tail.end(partial, lease)
        await self._observer.turn_ended(caller, partial)
        return partial

    async def _lease(self, caller: Caller, turn: Turn, owner: str) -> Lease | None:
        if turn.lease is not None and turn.lease.owner == owner:
            return turn.lease  # the reply to an earlier claim was lost
        if turn.owner_alive:
            raise _in_progress()
        return await self._turns.reassign(caller, turn, owner)

    async def _ended_by_then(self, caller: Caller, turn: Turn) -> Turn:
        found = await self._found(caller, turn.thread, turn.id)
        if not found.state.has_ended:
            raise _in_progress()
        return found

    async def _found(self, caller: Caller, thread: str, turn: str) -> Turn:
        found = await self._turns.find(caller, thread, turn)
        if found is None:
            raise NotFound("no such turn", Reason.TURN_NOT_FOUND)
        return found


def _in_progress() -> Conflict:
    return Conflict("the turn is being answered", Reason.TURN_IN_PROGRESS, retry_after=1)
