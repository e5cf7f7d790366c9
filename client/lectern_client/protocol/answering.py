"""Calls with one answer, and lists that come in pages."""

import json
from typing import Any, TypeVar

from lectern_client.errors import ConnectionFailed, LecternError, Refusal, ServerError
from lectern_client.protocol.calls import Call, Listing
from lectern_client.protocol.plans import Broken, Emit, Open, Plan, Step, Wait, everything
from lectern_client.protocol.policy import Patience, Policy, may_repeat
from lectern_client.protocol.replies import failure_of
from lectern_client.protocol.requests import Reply, Request

T = TypeVar("T")


def answering(call: Call[T], policy: Policy) -> Plan[T]:
    """Emits the one answer."""
    data = yield from _exchange(call.request, policy)
    yield Emit(call.read(data))


def paging(listing: Listing[T], policy: Policy) -> Plan[T]:
    """Emits the items of all pages; a page is asked for when its first item is wanted."""
    token = ""
    while True:
        request = listing.request.at_page(token) if token else listing.request
        page = yield from _exchange(request, policy)
        for item in page.get(listing.field, ()):
            yield Emit(listing.read(item))
        token = page.get("nextPageToken", "")
        if not token:
            return


def _exchange(request: Request, policy: Policy) -> Step[Any]:
    """The answer as JSON, after as many attempts as are allowed."""
    patience = Patience(policy)
    while True:
        try:
            return (yield from _attempt(request))
        except LecternError as trouble:
            if not may_repeat(trouble, repeatable=request.repeatable):
                raise
            pause = patience.pause(trouble)
        yield Wait(pause)


def _attempt(request: Request) -> Step[Any]:
    try:
        reply: Reply = yield Open(request)
        body = yield from everything()
    except Broken as broken:
        raise ConnectionFailed(str(broken), sent=broken.sent) from broken
    if reply.is_error:
        raise failure_of(reply, body)
    try:
        return json.loads(body or b"{}")
    except ValueError as error:
        refusal = Refusal(reply.status, request_id=reply.headers.get("x-request-id", ""))
        raise ServerError("the answer is no JSON; is this the address of Lectern?", refusal) from error
