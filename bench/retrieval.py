"""Recall on the labelled questions about the sample lectures: words alone, vectors alone, fused, and as turns search.

Run it with `python -m bench.retrieval`. A question counts as answered by a passage that holds more than half of the
labelled answer's time. Turns look meaning up only where words do not settle it; how that does on questions that its
bound was not chosen by is shown by leaving out one question after another.
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
from kit.words.languages import language_of
from services.context.adapters.exact_index import ExactIndex
from services.context.captions.reading import read
from services.context.model import Course, CourseKey, SourceContext, Vector, Video
from services.context.passages.cutting import passages
from services.context.retrieval.bm25 import Matched, Scores
from services.context.retrieval.knowledge import Knowledge, build
from services.context.retrieval.settling import FEW, settled
from services.context.retrieval.vectors import model_of, ranking, values_of
from services.context.service.search import CANDIDATES, fused
from services.context.service.videos import video_id

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "local" / "sample"
LABELLED = ROOT / "tests" / "data" / "retrieval.json"
NOW = datetime.now(UTC)
MODEL = "multilingual-e5-small-q4"
BOUNDS = [hundredth / 100 for hundredth in range(5, 100)]

Embed = Callable[[Sequence[str], str], Vectors]


@dataclass(frozen=True)
class Recall:
    """The share of questions whose answer is among the first five passages, and the share where it is the first."""

    at_five: float
    at_one: float
    missed: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """A labelled question: how its words fit the passages, and at which places words and both ways have the answer."""

    words: Matched
    place_by_words: int
    place_fused: int

    def answered(self, share: float) -> bool:
        place = self.place_by_words if settled(self.words, share) else self.place_fused
        return place < FEW


@dataclass(frozen=True)
class Measured:
    """The recall of each way to search, the share of questions that words settle, and both where bounds are validated.

    A validated bound has been chosen by all questions but the one that it judges.
    """

    recalls: dict[str, Recall]
    settled: float
    validated: tuple[float, float]


async def measure(embedded: Embed) -> Measured:
    knowledge = sample(embedded)
    questions = json.loads(LABELLED.read_text())
    texts = [question["question"] for question in questions]
    vectors = embedded(texts, QUERY)
    rankings = {
        way: [await _ranked(knowledge, way, text, vector) for text, vector in zip(texts, vectors, strict=True)]
        for way in ("words", "vectors", "fused")
    }
    matched = [knowledge.words.matched(knowledge.query_terms(text)) for text in texts]
    each = list(zip(matched, rankings["words"], rankings["fused"], strict=True))
    rankings["turns"] = [by_words if settled(words) else both for words, by_words, both in each]
    asked = [
        Asked(words, _place(knowledge, by_words, question), _place(knowledge, both, question))
        for question, (words, by_words, both) in zip(questions, each, strict=True)
    ]
    recalls = {way: _recall(knowledge, questions, rows) for way, rows in rankings.items()}
    return Measured(recalls, float(np.mean([settled(words) for words in matched])), _validated(asked))


def _validated(asked: Sequence[Asked]) -> tuple[float, float]:
    """Recall@5 and the share that words settle, each question judged by a bound that the others have chosen."""
    judged = [(one, _chosen([*asked[:at], *asked[at + 1 :]])) for at, one in enumerate(asked)]
    recall = np.mean([one.answered(share) for one, share in judged])
    return float(recall), float(np.mean([settled(one.words, share) for one, share in judged]))


def _chosen(asked: Sequence[Asked]) -> float:
    """The bound that lets words settle most without losing an answer; the middle one of several."""
    kept = [share for share in BOUNDS if all(one.answered(share) or one.place_fused >= FEW for one in asked)]
    counts = [sum(settled(one.words, share) for one in asked) for share in kept]
    best = [share for share, count in zip(kept, counts, strict=True) if count == max(counts)]
    return best[len(best) // 2]


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
    if way == "vectors":
        return list(meaning)
    scores = fused(words, () if way == "words" else meaning) * knowledge.lifts(question)
    rows: list[int] = ranking(scores, 0, 2 * CANDIDATES).tolist()
    return rows


def _place(knowledge: Knowledge, rows: Sequence[int], question: dict[str, Any]) -> int:
    """Where the first row stands that answers, from 0; behind all where none does."""
    return next((at for at, row in enumerate(rows) if _answers(knowledge, row, question)), len(knowledge.passages))


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
    for way, recall in results.recalls.items():
        print(f"{way:8} recall@5 {recall.at_five:.3f}   recall@1 {recall.at_one:.3f}")
    print(f"words settle {results.settled:.0%} of the questions of turns; left out one by one: ", end="")
    print("recall@5 {:.3f}, {:.0%} settled".format(*results.validated))
    for question in results.recalls["turns"].missed:
        print(f"missed: {question}")


if __name__ == "__main__":
    main()
