"""Recall in ten languages of nine scripts: words alone, vectors alone, and both, over one course of all of them.

Run it with `python -m bench languages`. Each passage is a short lecture of its own; each question, written for it in
its language, must find that lecture among those of all languages. `tests/data/retrieval-languages.json` holds both.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.embeddings import PASSAGE, QUERY, Vectors, embed, embeddings_server
from bench.retrieval import MODEL, Embed
from kit.words.languages import language_of
from services.context.adapters.exact_index import ExactIndex
from services.context.captions.reading import read
from services.context.model import Course, CourseKey, SourceContext, Vector, Video
from services.context.passages.cutting import passages
from services.context.retrieval.knowledge import Knowledge, build
from services.context.retrieval.vectors import model_of, ranking, values_of
from services.context.service.search import CANDIDATES, fused
from services.context.service.videos import video_id

LABELLED = Path(__file__).parents[1] / "tests" / "data" / "retrieval-languages.json"
NOW = datetime.now(UTC)
WAYS = ("words", "vectors", "fused")

Labelled = Mapping[str, Sequence[tuple[str, str]]]
Places = Mapping[str, Sequence[int]]


def labelled() -> Labelled:
    """By language: what is said, and the question that it answers."""
    content: Labelled = json.loads(LABELLED.read_text())
    return content


async def measure(embedded: Embed) -> dict[str, Places]:
    """By language and way, at which place each question finds its lecture, from 0."""
    spoken = labelled()
    rows = [(language, said, question) for language, pairs in spoken.items() for said, question in pairs]
    knowledge = _course([said for _, said, _ in rows], embedded)
    vectors = embedded([question for *_, question in rows], QUERY)
    found: dict[str, dict[str, list[int]]] = {language: {way: [] for way in WAYS} for language in spoken}
    for number, ((language, _, question), vector) in enumerate(zip(rows, vectors, strict=True)):
        for way, places in (await _ranked(knowledge, question, vector)).items():
            found[language][way].append(_place(knowledge, places, _url(number)))
    return {language: dict(places) for language, places in found.items()}


def recall(places: Sequence[int], within: int) -> float:
    """The share of questions that find their lecture among so many."""
    return sum(place < within for place in places) / len(places)


def _course(said: Sequence[str], embedded: Embed) -> Knowledge:
    key = CourseKey("default", "languages")
    course = Course(key=key, title="Languages", created=NOW, updated=NOW, epoch=1)
    contexts = [_lecture(_url(number), words, embedded) for number, words in enumerate(said)]
    model = model_of(contexts)
    size = sum(len(context.passages) for context in contexts)
    return build(course, contexts, ExactIndex(model, values_of(contexts, model), size))


def _lecture(url: str, said: str, embedded: Embed) -> SourceContext:
    cues = read(f"WEBVTT\n\n00:01.000 --> 00:20.000\n{said}\n").cues
    pieces = passages("languages", url, cues)
    video = Video(
        id=video_id(url),
        url=url,
        title="",
        edition="1",
        language=language_of(said),
        imported_by="",
        duration=cues[-1].end or 0,
        cue_count=len(cues),
        passage_count=len(pieces),
        created=NOW,
        updated=NOW,
    )
    vectors = embedded([piece.text for piece in pieces], PASSAGE)
    return SourceContext(video, pieces, tuple(Vector(MODEL, row.tobytes()) for row in vectors))


async def _ranked(knowledge: Knowledge, question: str, vector: Vectors) -> dict[str, Sequence[int]]:
    assert knowledge.vectors
    words = knowledge.words.scores(knowledge.query_terms(question))
    meaning = await knowledge.vectors.nearest(Vector(MODEL, vector.tobytes()), CANDIDATES)
    return {
        "words": ranking(words, 0, CANDIDATES).tolist(),
        "vectors": list(meaning),
        "fused": ranking(fused(words, meaning), 0, CANDIDATES).tolist(),
    }


def _place(knowledge: Knowledge, rows: Sequence[int], url: str) -> int:
    places = (at for at, row in enumerate(rows) if knowledge.source_of(row).id == video_id(url))
    return next(places, len(knowledge.passages))


def _url(number: int) -> str:
    return f"https://videos.example.org/{number}"


def main() -> None:
    with embeddings_server() as url:
        results = asyncio.run(measure(lambda texts, model: embed(url, texts, model)))
    print(f"{'':10}" + "".join(f"{way + ' @1':>12}{'@5':>6}" for way in WAYS))
    every = {way: [place for places in results.values() for place in places[way]] for way in WAYS}
    for language, places in {**results, "all": every}.items():
        shown = (f"{recall(places[way], 1):12.2f}{recall(places[way], 5):6.2f}" for way in WAYS)
        print(f"{language:10}" + "".join(shown))


if __name__ == "__main__":
    main()
