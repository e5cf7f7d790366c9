"""Recall on the labelled questions about the sample lectures: words alone, vectors alone, and fused.

Run it with `python -m bench.retrieval`. A question counts as answered by a passage that holds more than half of the
labelled answer's time.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.embeddings import PASSAGE, QUERY, Vectors, embed, embeddings_server
from services.context.adapters.exact_index import ExactIndex
from services.context.captions.reading import read
from services.context.model import Course, CourseKey, SourceContext, Vector, Video
from services.context.passages.cutting import passages
from services.context.retrieval.bm25 import Scores
from services.context.retrieval.knowledge import Knowledge, build
from services.context.retrieval.languages import language_of
from services.context.retrieval.vectors import model_of, ranking, values_of
from services.context.service.search import CANDIDATES, fused
from services.context.service.videos import video_id

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "local" / "sample"
LABELLED = ROOT / "tests" / "data" / "retrieval.json"
NOW = datetime.now(UTC)
MODEL = "multilingual-e5-small-q4"

Embed = Callable[[Sequence[str], str], Vectors]


@dataclass(frozen=True)
class Recall:
    """The share of questions whose answer is among the first five passages, and the share where it is the first."""

    at_five: float
    at_one: float
    missed: tuple[str, ...]


async def measure(embedded: Embed) -> dict[str, Recall]:
    """The recall of each way to search."""
    knowledge = sample(embedded)
    questions = json.loads(LABELLED.read_text())
    asked = [question["question"] for question in questions]
    vectors = embedded(asked, QUERY)
    recalls = {}
    for way in ("words", "vectors", "fused"):
        rankings = [await _ranked(knowledge, way, text, vector) for text, vector in zip(asked, vectors, strict=True)]
        recalls[way] = _recall(knowledge, questions, rankings)
    return recalls


def sample(embedded: Embed) -> Knowledge:
    """The sample course as the service would know it."""
    described = json.loads((SAMPLE / "course.json").read_text())
    key = CourseKey("default", described["courseId"])
    course = Course(key=key, title=described["title"], created=NOW, updated=NOW, epoch=1)
    contexts = [_context(key.course, video, embedded) for video in described["videos"]]
    model = model_of(contexts)
    size = sum(len(context.passages) for context in contexts)
    return build(course, contexts, ExactIndex(model, values_of(contexts, model), size))


def _context(course: str, described: dict[str, str], embedded: Embed) -> SourceContext:
    cues = read((SAMPLE / described["file"]).read_bytes()).cues
    pieces = passages(course, described["videoUrl"], cues)
    video = Video(
        id=video_id(described["videoUrl"]),
        url=described["videoUrl"],
        title=described["title"],
        edition="1",
        language=language_of(" ".join(cue.text for cue in cues)),
        imported_by="",
        duration=cues[-1].end or 0,
        cue_count=len(cues),
        passage_count=len(pieces),
        created=NOW,
        updated=NOW,
    )
    vectors = embedded([piece.text for piece in pieces], PASSAGE)
    return SourceContext(video, pieces, tuple(Vector(MODEL, row.tobytes()) for row in vectors))


async def _ranked(knowledge: Knowledge, way: str, question: str, vector: Vectors) -> list[int]:
    words: Scores = knowledge.words.scores(knowledge.query_terms(question))
    assert knowledge.vectors
    meaning = await knowledge.vectors.nearest(Vector(MODEL, vector.tobytes()), CANDIDATES)
    if way == "words":
        return ranking(words, 0, CANDIDATES)
    if way == "vectors":
        return list(meaning)
    scores = fused(words, meaning)
    return sorted(scores, key=lambda row: -scores[row])


def _recall(knowledge: Knowledge, questions: Sequence[dict[str, Any]], rankings: Sequence[list[int]]) -> Recall:
    asked = list(zip(questions, rankings, strict=True))
    at_five = [any(_answers(knowledge, row, question) for row in rows[:5]) for question, rows in asked]
    at_one = [any(_answers(knowledge, row, question) for row in rows[:1]) for question, rows in asked]
    missed = tuple(question["question"] for question, hit in zip(questions, at_five, strict=True) if not hit)
    return Recall(float(np.mean(at_five)), float(np.mean(at_one)), missed)


def _answers(knowledge: Knowledge, row: int, question: dict[str, Any]) -> bool:
    if knowledge.source_of(row).id != video_id(question["videoUrl"]):
        return False
    start, end = question["start"] * 1000, question["end"] * 1000
    passage = knowledge.passages[row]
    shared = min(passage.end or 0, end) - max(passage.start or 0, start)
    return bool(shared > (end - start) / 2)


def main() -> None:
    with embeddings_server() as url:
        results = asyncio.run(measure(lambda texts, model: embed(url, texts, model)))
    for way, recall in results.items():
        print(f"{way:8} recall@5 {recall.at_five:.3f}   recall@1 {recall.at_one:.3f}")
    for question in results["fused"].missed:
        print(f"missed: {question}")


if __name__ == "__main__":
    main()
