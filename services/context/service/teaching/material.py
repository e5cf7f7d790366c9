"""Passages as a model reads them, under numbers that it cites by."""

from collections.abc import Sequence
from dataclasses import dataclass

from kit.errors import InvalidArgument, NotFound, Reason
from kit.words.quotes import place_of
from kit.words.terms import words as words_of
from services.context.model import Document, Passage, Quote, Scope, Source, Video
from services.context.retrieval.knowledge import Knowledge

FEWEST_WORDS = 3
LABEL = 60


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage and what it is of."""

    passage: Passage
    source: Source


@dataclass(frozen=True, slots=True)
class Material:
    """What may be cited; the passage with the number n is `pieces[n - 1]`."""

    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        numbered = enumerate(self.pieces, 1)
        return "\n\n".join(f"[{number}] ({_label(piece)}) {piece.passage.text}" for number, piece in numbered)

    @property
    def words(self) -> str:
        """The passages alone."""
        return "\n".join(piece.passage.text for piece in self.pieces)

    def within(self, room: int) -> "Material":
        """As much as fits into so many characters, spread evenly over the whole; one passage at the least."""
        sizes = [len(piece.passage.text) + LABEL for piece in self.pieces]
        share = min(1.0, room / max(1, sum(sizes)))
        count = max(1, int(len(self.pieces) * share))
        return Material(tuple(self.pieces[at * len(self.pieces) // count] for at in range(count)))

    def quote(self, number: int, words: str) -> Quote | None:
        """The words where that passage has them, or another one does; None where they are nowhere."""
        wanted = words_of(words)
        if len(wanted) < FEWEST_WORDS:
            return None
        named = self.pieces[number - 1 : number] if number > 0 else ()
        for piece in (*named, *self.pieces):
            if quote := _quoted(piece, words, wanted):
                return quote
        return None


def material_of(knowledge: Knowledge, scope: Scope) -> Material:
    """The passages of the scope; raises NotFound for no such source, InvalidArgument where it holds no text."""
    source = _source(knowledge, scope)
    passages = [knowledge.passages[row] for row in knowledge.rows_of(source)]
    if not passages or (isinstance(source, Document) and scope.first_page > source.page_count):
        raise InvalidArgument("there is no text on these pages", field="first_page")
    within = [passage for passage in passages if scope.holds(passage.page)]
    # Short pages share passages, which are of one of them.
    nearest = min(passages, key=lambda passage: abs(passage.page - scope.first_page))
    return Material(tuple(Piece(passage, source) for passage in within or [nearest]))


def _source(knowledge: Knowledge, scope: Scope) -> Source:
    for source in knowledge.sources:
        named = source.url == scope.video_url if isinstance(source, Video) else source.id == scope.document
        if named:
            return source
    if scope.document:
        raise NotFound("there is no such document, or it has not been read yet", field="document")
    raise NotFound("the course has no video at this address", Reason.VIDEO_NOT_FOUND, field="video_url")


def _quoted(piece: Piece, words: str, wanted: Sequence[str]) -> Quote | None:
    passage, source = piece.passage, piece.source
    place = place_of(wanted, [cue.text for cue in passage.cues] or [passage.text])
    if place is None:
        return None
    cues = passage.cues[place.start : place.stop]
    return Quote(
        text=" ".join(words.split()),
        title=source.title,
        video_url=source.url if isinstance(source, Video) else "",
        start=cues[0].start if cues else passage.start,
        end=cues[-1].end if cues else passage.end,
        document="" if isinstance(source, Video) else source.id,
        page=passage.page,
    )


def _label(piece: Piece) -> str:
    start, page = piece.passage.start, piece.passage.page
    if page:
        return f"page {page}"
    return piece.source.title[:LABEL] if start is None else f"{start // 60_000:02d}:{start // 1000 % 60:02d}"
