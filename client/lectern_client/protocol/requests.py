"""Requests to the API, and what they can be answered by."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

Parameter = str | int


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart request; one that is given by its path is opened for each attempt."""

    name: str
    content: Path | BinaryIO | bytes
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Request:
    """`repeatable` ones may be sent again though the first may have been served; `streamed` ones must not be quiet."""

    method: str
    path: str
    query: Mapping[str, Parameter] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Upload, ...] = ()
    repeatable: bool = False
    streamed: bool = False

    def at_page(self, token: str) -> "Request":
        return replace(self, query={**self.query, "pageToken": token})


@dataclass(frozen=True, slots=True)
class Reply:
    """The head of an answer; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]

    @property
    def is_error(self) -> bool:
        return self.status >= 400


def get(path: str, **query: Parameter | None) -> Request:
    return Request("GET", path, _given(query), repeatable=True)


def stream(path: str, **query: Parameter | None) -> Request:
    return replace(get(path, **query), streamed=True)


def delete(path: str, **query: Parameter | None) -> Request:
    return Request("DELETE", path, _given(query), repeatable=True)


def post(path: str, *, repeatable: bool = False, **body: Any) -> Request:
    return Request("POST", path, json=_given(body), repeatable=repeatable)


def resource(collection: str, name: str) -> str:
    """`courses/x` for `x` and for `courses/x`, fit to stand in a path."""
    name = name.strip("/")
    return quote(name if name.startswith(f"{collection}/") else f"{collection}/{name}", safe="/")


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was set: the API takes what is missing as its default."""
    return {name: value for name, value in values.items() if value not in (None, "")}
