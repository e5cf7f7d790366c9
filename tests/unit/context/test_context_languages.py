import hashlib
from collections.abc import Sequence

import numpy as np

from bench.embeddings import Vectors
from bench.languages import labelled, measure, recall

DIMENSIONS = 8


def scattered(texts: Sequence[str], model: str) -> Vectors:
    """Vectors without meaning: what is found is found by words."""
    seeds = (int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) for text in texts)
    rows = np.asarray([np.random.default_rng(seed).normal(size=DIMENSIONS) for seed in seeds], dtype=np.float32)
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


async def test_questions_find_their_lectures_by_words_in_every_language() -> None:
    found = await measure(scattered)
    assert len(found) == 10
    assert {language: recall(places["words"], 1) for language, places in found.items()} == dict.fromkeys(
        labelled(), 1.0
    )
