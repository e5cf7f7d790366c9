"""The Socket.IO server, beside the HTTP face."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, nullcontext, suppress
from typing import Any

import socketio
import structlog

from kit.auth.tokens import UserTokens
from kit.call import CURRENT
from kit.errors import InvalidArgument, LecternError, Unauthenticated, Unavailable
from kit.limits.turnstile import Turnstile
from kit.telemetry.live import LiveGauge
from services.gateway.jobs.reading import JobReader
from services.gateway.observed import refusals
from services.gateway.realtime.member import Member
from services.gateway.realtime.rooms import Rooms
from services.gateway.realtime.session import Ack, Session, problem
from services.gateway.service import ChatService
from services.gateway.socketio.engine import SendQueue, SocketServer

PATH = "/socket.io"
MOST_MESSAGE_BYTES = 64 * 1024
PING_SECONDS = 25
CHECK_SECONDS = 15.0
# For what is said last to be carried.
LAST_WORD_SECONDS = 0.5

Handler = Callable[[Session, Mapping[str, Any]], Awaitable[Ack]]

log = structlog.get_logger()
connected = LiveGauge("lectern_sockets", "Connected sockets")


class Sockets:
    """Connects clients by their token; without a live one they are let go."""

    def __init__(
        self,
        tokens: UserTokens,
        rooms: Rooms,
        chat: ChatService,
        jobs: JobReader,
        turnstile: Turnstile,
        *,
        origins: Sequence[str],
        most_sockets: int,
    ) -> None:
        """`origins` are pages of other origins that may connect; `most_sockets` bounds those of this process."""
        self._tokens = tokens
        self._rooms = rooms
        self._chat = chat
        self._jobs = jobs
        self._turnstile = turnstile
        self._most_sockets = most_sockets
        self._sessions: dict[str, Session] = {}
        self._server = SocketServer(
            async_mode="asgi",
            cors_allowed_origins=list(origins) or None,
            max_http_buffer_size=MOST_MESSAGE_BYTES,
            ping_interval=PING_SECONDS,
            http_compression=False,
        )
        self._register()
        self._checking: asyncio.Task[None] | None = None

    def app(self, other: Any) -> Any:
        """Serves Socket.IO below its path, and hands all else on."""
        return socketio.ASGIApp(self._server, other, socketio_path=PATH)

    async def open(self, stack: AsyncExitStack) -> None:
        self._checking = asyncio.create_task(self._check_tokens())
        stack.push_async_callback(self._close)
        stack.callback(connected.watch_one(lambda: len(self._sessions)))
        log.info("sockets_serving", path=PATH)

    def _register(self) -> None:
        self._server.on("connect", self._connect)
        self._server.on("disconnect", self._disconnect)
        handlers: dict[str, Handler] = {
            "join": Session.join,
            "leave": Session.leave,
            "ask": Session.ask,
            "cancel": Session.cancel,
        }
        for name, handler in handlers.items():
            self._server.on(name, self._answering(handler))
        self._server.on("*", self._unknown)

    async def _connect(self, sid: str, environ: Mapping[str, Any], auth: Any = None) -> None:
        CURRENT.set(None)
        try:
            if len(self._sessions) >= self._most_sockets:
                raise Unauthenticated("this instance has no room for more connections; try again")
            token = _token(auth, environ)
            caller = await self._tokens.verify(token)
        except LecternError as error:
            raise socketio.exceptions.ConnectionRefusedError(problem(error)["error"]) from error
        queue: SendQueue = self._transport(sid).queue
        member = Member(queue.put_nowait, queue.qsize, lambda: self._cut(sid))
        self._sessions[sid] = Session(caller, token, member, self._rooms, self._chat, self._jobs)

    async def _disconnect(self, sid: str, reason: Any = None) -> None:
        session = self._sessions.pop(sid, None)
        if session is not None:
            await session.close()

    def _answering(self, handler: Handler) -> Callable[..., Awaitable[Ack]]:
        # A question that is turned away counts as one, as at the other doors.
        admitting = refusals if handler is Session.ask else nullcontext

        async def answer(sid: str, body: Any = None) -> Ack:
            CURRENT.set(None)
            session = self._sessions.get(sid)
            if session is None:
                return problem(Unauthenticated("not connected"))
            try:
                with admitting():
                    await self._admit(session, body)
                return await handler(session, body)
            except LecternError as error:
                return problem(error)
            except Exception:
                log.exception("socket_message_failed")
                return {"ok": False, "error": {"reason": "INTERNAL", "message": "something went wrong on our side"}}

        return answer

    async def _admit(self, session: Session, body: Any) -> None:
        session.count()
        await self._tokens.verify(session.token)
        await self._turnstile.admit(session.caller)
        if not isinstance(body, dict):
            raise InvalidArgument("the message must be an object")

    async def _unknown(self, event: str, sid: str, *_: Any) -> Ack:
        return problem(InvalidArgument(f"there is no message {event[:64]}"))

    def _transport(self, sid: str) -> Any:
        """The connection that carries the socket; None once it is gone."""
        return self._server.eio.sockets.get(self._server.manager.eio_sid_from_sid(sid, "/"))

    async def _cut(self, sid: str) -> None:
        """At once, with whatever was not sent: who reads nothing would never see the end of it."""
        transport = self._transport(sid)
        if transport is not None:
            await self._let_go(sid)
            transport.queue.abort()

    async def _let_go(self, sid: str) -> None:
        """The library's own way waits until everything was sent, and so for ever for who reads nothing."""
        transport = self._transport(sid)
        if transport is not None:
            await transport.close(wait=False, abort=True)

    async def _check_tokens(self) -> None:
        """Lets go whose token has expired meanwhile."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            for sid, session in tuple(self._sessions.items()):
                try:
                    with suppress(Unavailable):
                        await self._tokens.verify(session.token)
                except Unauthenticated as error:
                    await self._server.emit("problem", problem(error)["error"], to=sid)
                    await asyncio.sleep(LAST_WORD_SECONDS)
                    await self._cut(sid)

    async def _close(self) -> None:
        if self._checking is not None:
            self._checking.cancel()
        sessions = tuple(self._sessions)
        await asyncio.gather(*(self._let_go(sid) for sid in sessions), return_exceptions=True)
        await asyncio.gather(*(self._disconnect(sid) for sid in sessions), return_exceptions=True)
        await self._rooms.close()


def _token(auth: Any, environ: Mapping[str, Any]) -> str:
    """From `auth.token`, as Socket.IO clients send it, or from the header of clients that cannot."""
    if isinstance(auth, dict) and isinstance(auth.get("token"), str):
        return str(auth["token"])
    scheme, _, token = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    raise Unauthenticated("a token is required, as `auth: {token}` of the handshake")
