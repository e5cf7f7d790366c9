"""How well the support of sentences is told, by words alone and with vectors, on the labelled set.

`python -m bench support` prints for each part of the set, the one that limits were chosen by and the one that judges
them, precision and recall of SUPPORTED, what was taken for what, and the time of a sentence.

`--mistakes` lists what went wrong in the first part alone: who looks at those of the second tunes on them.
"""

import argparse
import asyncio
import time
from collections.abc import Iterable, Sequence
from statistics import median

from bench.embeddings import embeddings_server
from bench.support.engine import ServerEmbeddings, verdict
from bench.support.labelled_set import Lecture, Split, lectures
from bench.support.metrics import Judged, Support, by_language, confusion, mistaken, quality
from services.gateway.support.vectors import SupportVectors

HEADS = ("precision", "recall", "or partly", "right place", "no claims")


async def judge(found: Sequence[Lecture], vectors: SupportVectors | None) -> tuple[list[Judged], list[float]]:
    """A verdict on every sentence, and the milliseconds that each took."""
    judged, took = list[Judged](), list[float]()
    for lecture in found:
        for sentence in lecture.sentences:
            began = time.perf_counter()
            said = await verdict(sentence, lecture, vectors)
            took.append((time.perf_counter() - began) * 1000)
            judged.append(Judged(lecture, sentence, said))
    return judged, took


async def measure(way: str, vectors: SupportVectors | None, *, mistakes: bool) -> None:
    """Print what this way of judging comes to."""
    for split in Split:
        judged, took = await judge([each for each in lectures() if each.split is split], vectors)
        print(f"\n{way}, {split}: {len(judged)} sentences, ", end="")
        print(f"median {median(took):.1f} ms a sentence, {sorted(took)[int(0.99 * len(took))]:.1f} ms at 99 %")
        _print_quality(judged)
        _print_confusion(judged)
        if mistakes and split is Split.TUNE:
            _print_mistakes(judged)


def _print_quality(judged: Sequence[Judged]) -> None:
    print(f"  {'':10}" + "".join(f"{head:>18}" for head in HEADS))
    for name, rows in (*by_language(judged).items(), ("all", judged)):
        found = quality(rows)
        cells = (found.precision, found.recall, found.found, found.placed, found.skipped)
        print(f"  {name:10}" + "".join(f"{cell!s:>18}" for cell in cells))


def _print_confusion(judged: Sequence[Judged]) -> None:
    print(f"  {'':14}" + "".join(f"{support:>11}" for support in Support))
    for label, counts in confusion(judged).items():
        print(f"  {label:14}" + "".join(f"{counts[support]:>11}" for support in Support))


def _print_mistakes(judged: Iterable[Judged]) -> None:
    for row in mistaken(judged):
        print(f"  {row.lecture.id}: {row.sentence.label} was {row.verdict.support}: {row.sentence.text}")


async def run(ways: Sequence[str], *, mistakes: bool) -> None:
    if "words" in ways:
        await measure("words alone", None, mistakes=mistakes)
    if "vectors" in ways:
        with embeddings_server() as url:
            vectors = SupportVectors(ServerEmbeddings(url))
            await measure("words and vectors", vectors, mistakes=mistakes)
            await vectors.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench support", description=__doc__)
    parser.add_argument("--ways", nargs="+", choices=("words", "vectors"), default=("words", "vectors"))
    parser.add_argument(
        "--mistakes", action="store_true", help="list false support and faithful claims not found, of `tune`"
    )
    options = parser.parse_args()
    asyncio.run(run(options.ways, mistakes=options.mistakes))


if __name__ == "__main__":
    main()
