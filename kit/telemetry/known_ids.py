"""Ids of spans that others must be able to name: whoever continues a piece of work links to what went before it.

An attempt at a job may end with its process, so that it can tell nobody of its span. Where the ids follow from what
both know, the next attempt needs no word from it.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

_next: ContextVar[tuple[int, int] | None] = ContextVar("lectern_span_ids", default=None)


class KnownIds(RandomIdGenerator):
    """Random ids, but within `begins_as` the ones that are given there."""

    def generate_trace_id(self) -> int:
        known = _next.get()
        return known[0] if known else super().generate_trace_id()

    def generate_span_id(self) -> int:
        known = _next.get()
        return known[1] if known else super().generate_span_id()


@contextmanager
def begins_as(trace_id: int, span_id: int) -> Iterator[None]:
    """The span that is started within has this id, and this trace where it begins one."""
    token = _next.set((trace_id, span_id))
    try:
        yield
    finally:
        _next.reset(token)


def id_of(name: str, bits: int) -> int:
    """The id of so many bits that follows from a name; never zero, which would be no id."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[: bits // 8], "big") or 1
