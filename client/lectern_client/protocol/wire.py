"""Proto JSON as frozen values: what is left out is the field's default, what is unknown is passed over."""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")
Reader = Callable[[Any], Any]


def decode(kind: type[T], data: Mapping[str, Any]) -> T:
    """A dataclass out of an object with the same fields in lowerCamelCase."""
    fields = _fields(typing.cast("Any", kind))
    read = {name: reader(data[key]) for name, key, reader in fields if key in data}
    return kind(**read)


def duration(seconds: float | None) -> str | None:
    """Seconds as proto JSON has them."""
    return None if seconds is None else f"{seconds:.3f}s"


@lru_cache
def _fields(kind: Any) -> tuple[tuple[str, str, Reader], ...]:
    hints = typing.get_type_hints(kind)
    return tuple((each.name, _camel(each.name), _reader(hints[each.name])) for each in dataclasses.fields(kind))


def _reader(hint: Any) -> Reader:
    if isinstance(hint, types.UnionType):
        (hint,) = (each for each in typing.get_args(hint) if each is not types.NoneType)
    if typing.get_origin(hint) is tuple:
        item = _reader(typing.get_args(hint)[0])
        return lambda values: tuple(item(value) for value in values)
    if dataclasses.is_dataclass(hint):
        return lambda value: decode(typing.cast("type[Any]", hint), value)
    if hint in _SCALARS:
        return _SCALARS[hint]
    return hint if isinstance(hint, type) and issubclass(hint, Enum) else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _timedelta(text: str) -> timedelta:
    return timedelta(seconds=float(text.removesuffix("s")))


_SCALARS: Mapping[Any, Reader] = {
    int: int,  # the wide ones are strings
    float: float,
    datetime: datetime.fromisoformat,
    timedelta: _timedelta,
}


def encode(value: Any) -> Any:
    """A value as proto JSON; what is the field's default is left out."""
    if dataclasses.is_dataclass(value):
        fields = ((each, getattr(value, each.name)) for each in dataclasses.fields(value))
        return {_camel(each.name): encode(item) for each, item in fields if item != _default(each)}
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, timedelta):
        return duration(value.total_seconds())
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value


def _default(field: "dataclasses.Field[Any]") -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
