"""What an operation of the API is made of: a request, and how its answer is read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from lectern_client.errors import LecternError
from lectern_client.protocol.requests import Request
from lectern_client.protocol.wire import decode

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request with one answer."""

    request: Request
    read: Callable[[Json], T]


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A request whose answer comes in pages; their items stand in `field`."""

    request: Request
    field: str
    read: Callable[[Json], T]


class Stream(Protocol[T_co]):
    """Items that come while they happen, over as many connections as it takes."""

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""

    def request(self) -> Request:
        """What asks for that which has not come yet."""

    def take(self, data: Json) -> Iterable[T_co]:
        """The items in an event of the wire; those that came before are left out."""

    def interrupted(self, trouble: LecternError) -> LecternError:
        """What to raise when the stream can't be read on."""


def reading(kind: type[T]) -> Callable[[Json], T]:
    """Reads an object into this dataclass."""
    return lambda data: decode(kind, data)


def nothing(data: Json) -> None:
    """Reads an empty answer."""
