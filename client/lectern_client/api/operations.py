"""Operations as methods of a group: each says what to send, and the group's door carries it out."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from lectern_client.doors.asynchronous import AsyncDoor
from lectern_client.doors.synchronous import SyncDoor
from lectern_client.protocol.answering import answering, paging
from lectern_client.protocol.calls import Call, Listing, Stream
from lectern_client.protocol.following import following

D = TypeVar("D", bound=SyncDoor | AsyncDoor)
P = ParamSpec("P")
T = TypeVar("T")


class Group(Generic[D]):
    """Operations that belong together, behind one door."""

    def __init__(self, door: D) -> None:
        self.door = door


class one(Generic[P, T]):  # noqa: N801 - a decorator
    """An operation with one answer; it is awaited behind an asynchronous door."""

    def __init__(self, make: Callable[Concatenate[Any, P], Call[T]]) -> None:
        self._make = make

    @overload
    def __get__(self, group: Group[SyncDoor], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, group: Group[AsyncDoor], owner: type) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, group: Group[Any] | None, owner: type) -> Any:
        if group is None:
            return self._make
        door = group.door

        @wraps(self._make)
        def operation(*arguments: P.args, **options: P.kwargs) -> Any:
            return door.one(answering(self._make(group, *arguments, **options), door.policy))

        return operation


class many(Generic[P, T]):  # noqa: N801 - a decorator
    """An operation that is iterated over: the items of all pages, or what happens, as it happens."""

    def __init__(self, make: Callable[Concatenate[Any, P], Listing[T] | Stream[T]]) -> None:
        self._make = make

    @overload
    def __get__(self, group: Group[SyncDoor], owner: type) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, group: Group[AsyncDoor], owner: type) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, group: Group[Any] | None, owner: type) -> Any:
        if group is None:
            return self._make
        door = group.door

        @wraps(self._make)
        def operation(*arguments: P.args, **options: P.kwargs) -> Any:
            items = self._make(group, *arguments, **options)
            plan = paging(items, door.policy) if isinstance(items, Listing) else following(items, door.policy)
            return door.each(plan)

        return operation
