"""Built contexts as bytes: JSON for what is said, compressed, then the vectors as they are."""

import zlib
from collections.abc import Iterator
from typing import Any

import orjson

from services.context.model import Cue, Passage, Source, SourceContext, Vector

HEADER = 4
# Entries of another shape are built anew.
SHAPE = 2


def pack(context: SourceContext) -> bytes:
    said = {
        "shape": SHAPE,
        "passages": [_row(passage) for passage in context.passages],
        "vectors": [[vector.model, len(vector.values)] if vector else None for vector in context.vectors],
    }
    head = zlib.compress(orjson.dumps(said), 1)
    values = b"".join(vector.values for vector in context.vectors if vector)
    return len(head).to_bytes(HEADER, "big") + head + values


def unpack(packed: bytes, source: Source) -> SourceContext | None:
    """The context of the source; None where the entry has another shape or is damaged."""
    try:
        return _unpacked(packed, source)
    except (zlib.error, ValueError, KeyError, TypeError):
        return None


def _unpacked(packed: bytes, source: Source) -> SourceContext | None:
    end = HEADER + int.from_bytes(packed[:HEADER], "big")
    said = orjson.loads(zlib.decompress(packed[HEADER:end]))
    if said["shape"] != SHAPE:
        return None
    vectors = tuple(_vectors(said["vectors"], memoryview(packed)[end:]))
    return SourceContext(source, tuple(_passage(*row) for row in said["passages"]), vectors)


def _vectors(sizes: list[Any], values: memoryview) -> Iterator[Vector | None]:
    at = 0
    for entry in sizes:
        if entry is None:
            yield None
        else:
            model, size = entry
            yield Vector(model, bytes(values[at : at + size]))
            at += size


def _row(passage: Passage) -> list[Any]:
    cues = [[cue.start, cue.end, cue.text] for cue in passage.cues]
    return [passage.id, passage.text, passage.start, passage.end, cues, passage.page]


def _passage(name: str, text: str, start: int | None, end: int | None, cues: list[list[Any]], page: int) -> Passage:
    return Passage(name, text, start, end, tuple(Cue(*cue) for cue in cues), page)
