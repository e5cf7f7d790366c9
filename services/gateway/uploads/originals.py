"""`GET /v1/courses/{course}/documents/{document}/original`."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from kit.auth.caller import Caller
from kit.auth.sessions import session_token
from kit.document_kinds import DocumentKind
from services.gateway.http.door import Door
from services.gateway.uploads.ports import DocumentDesk, Original

# What a teacher uploaded is shown as it is, but is a stranger on our origin: it runs nothing, asks for nothing, and may
# style itself. Browsers refuse to show a PDF in a sandbox; they run what is in one apart from the page anyhow.
ALONE = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)
SANDBOXED = f"sandbox; {ALONE}"
PDF, TEXT = DocumentKind.PDF.content_type, DocumentKind.MARKDOWN.content_type
SHOWN_BY_BROWSERS = frozenset({PDF, TEXT, DocumentKind.HTML.content_type})


class LinkDoor(Door):
    """As the door, for what pages link to: nobody sends a CSRF token along with a link, and reading changes nothing.

    The cookie of a session is not sent with links of other sites.
    """

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        token = session_token(headers)
        if token and "authorization" not in headers:
            headers = {"authorization": f"Bearer {token}"}
        return await super().caller(headers)


class OriginalResponse(StreamingResponse):
    """The bytes of an original, which is closed with it: also where the client left before the first of them."""

    def __init__(self, original: Original, headers: Mapping[str, str]) -> None:
        super().__init__(original.chunks, headers=headers)
        self._close = original.close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._close()


class Originals:
    """Shows documents as they were uploaded, to those who may see their course."""

    def __init__(self, desk: DocumentDesk) -> None:
        self._desk = desk

    def routes(self, door: LinkDoor) -> Sequence[BaseRoute]:
        return [Route("/v1/courses/{course}/documents/{document}/original", door(self.read), methods=["GET"])]

    async def read(self, request: Request, caller: Caller) -> Response:
        place = request.path_params
        original = await self._desk.original(caller, f"courses/{place['course']}/documents/{place['document']}")
        tag = f'"{place["document"]}"'  # the id is the hash of the bytes
        headers = {**_headers(original), "etag": tag}
        if tag in request.headers.get("if-none-match", ""):
            await original.close()
            return Response(status_code=304, headers=headers)
        headers["content-length"] = str(original.size)
        if request.method == "HEAD":
            await original.close()
            return Response(headers=headers)
        return OriginalResponse(original, headers)


def _headers(original: Original) -> dict[str, str]:
    """A type that browsers must believe, and a name that cannot say anything but a name."""
    kind = original.content_type
    return {
        "content-type": f"{kind}; charset=utf-8" if kind == TEXT else kind,
        "content-disposition": _disposition(
            "inline" if kind in SHOWN_BY_BROWSERS else "attachment", original.file_name
        ),
        "content-security-policy": ALONE if kind == PDF else SANDBOXED,
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "private, no-cache",
        "accept-ranges": "none",
    }


def _disposition(how: str, name: str) -> str:
    """The name as RFC 6266 has it: in letters that need no quoting, and as it is, percent-encoded."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._- ") else "_" for letter in name)
    return f"{how}; filename=\"{plain or 'document'}\"; filename*=UTF-8''{quote(name or 'document', safe='')}"
