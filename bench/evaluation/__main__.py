"""How a model answers the labelled questions under each version of the prompt (`make eval`).

Asks the providers that the environment names as for any service (LECTERN_PROVIDERS, OPENAI_API_KEY, ...), else the demo
model of the local stack, through a real inference service. docs/evaluation.md says how to read what is printed.
"""

import argparse
import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from bench.embeddings import embeddings_server
from bench.evaluation import asking
from bench.evaluation.items import Item, Kind, chosen
from bench.evaluation.scoring import Score, Scored, score
from bench.support.engine import ServerEmbeddings, checked
from bench.support.labelled_set import lectures
from bench.support.metrics import Share, Support
from services.gateway.support.vectors import SupportVectors
from services.inference.service.prompts import versions

KEPT = Path(__file__).parents[2] / ".data" / "bench"
ITEMS = 5


async def evaluate(options: argparse.Namespace) -> None:
    """Ask, judge, print and keep."""
    items = chosen(lectures(), options.items)
    items = [item for item in items if not options.kinds or item.kind in options.kinds]
    async with AsyncExitStack() as stack:
        given = "" if asking.configured() else await stack.enter_async_context(asking.demo_model())
        vectors = SupportVectors(ServerEmbeddings(stack.enter_context(embeddings_server())))
        stack.push_async_callback(vectors.close)
        runs = {version: await _scored(version, given, items, vectors, options.at_once) for version in options.versions}
    _print({version: score(rows) for version, rows in runs.items()})
    _keep(runs)


async def _scored(
    version: str, given: str, items: Sequence[Item], vectors: SupportVectors, at_once: int
) -> list[Scored]:
    print(f"prompt {version}: {len(items)} questions ...", flush=True)
    async with asking.inference(version, given) as peer:
        answers = await asking.answers(peer, items, at_once)
    rows = []
    for answer in answers:
        sentences = await checked(answer.text, answer.item.lecture, vectors)
        rows.append(Scored(answer, tuple(Support(each.support.value) for each in sentences)))
    return rows


def _print(scores: dict[str, Score]) -> None:
    for version, found in scores.items():
        print(f"\nprompt {version}, {found.model}")
        for name, share in _lines(found):
            print(f"  {name:52}{share}")


def _lines(found: Score) -> list[tuple[str, Share]]:
    return [
        ("claims that the course supports", found.supported),
        ("claims that it supports in part", found.partly),
        ("claims that were not found in it", found.not_found),
        ("markers for a claim", found.markers),
        ("refused, where the passages do not hold the answer", found.refused_rightly),
        ("refused, although they hold it", found.refused_wrongly),
        ("in the language of question and lecture", found.in_language),
        ("in the language of a question in another", found.in_other_language),
        *((f"gave a key away under {policy}", share) for policy, share in found.leaks.items()),
        ("cut at the limit", found.cut),
        ("answered without a model", found.failed),
    ]


def _keep(runs: dict[str, list[Scored]]) -> None:
    """Every answer, to be read."""
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"evaluation-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    rows = [{"version": version, **_row(each)} for version, scored in runs.items() for each in scored]
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"\nevery answer: {path}")


def _row(each: Scored) -> dict[str, object]:
    answer, item = each.answer, each.answer.item
    return {
        "lecture": item.lecture.id,
        "kind": item.kind,
        "question": item.question.text,
        "answer": answer.text,
        "policy": answer.policy,
        "model": answer.model,
        "finish_reason": answer.finish_reason,
        "support": each.verdicts,
        "refused": each.refused,
        "in_language": each.in_language,
        "given_away": each.given_away,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench evaluation", description=__doc__)
    parser.add_argument("--items", type=int, default=ITEMS, help=f"questions of each kind, {ITEMS} where not given")
    parser.add_argument("--kinds", nargs="+", type=Kind, choices=list(Kind), help="all where not given")
    parser.add_argument("--versions", nargs="+", choices=versions(), default=versions(), help="of the prompt")
    parser.add_argument("--at-once", type=int, default=2, help="how many questions are asked at a time")
    asyncio.run(evaluate(parser.parse_args()))


if __name__ == "__main__":
    main()
