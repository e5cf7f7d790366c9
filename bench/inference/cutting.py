"""Five hundred answers that their provider cuts in the middle: every word once, in its order."""

import asyncio
from collections import Counter

from bench.fake_provider.process import fake_provider
from bench.inference.fleet import Process, another_question, fleet
from kit.errors import LecternError
from tests.inference import events_of, providers_json, text_of

WORDS = 50
CUTS = 500
AT_ONCE = 10
WHOLE = " ".join(f"w{number:04d}" for number in range(1, WORDS + 1))


async def run() -> None:
    seen: Counter[str] = Counter()
    async with fake_provider() as one, fake_provider() as two:
        # With breakers as they are by default the provider would be left after ten cuts.
        async with fleet(1, providers_json(one, two), breaker_minimum=10 * CUTS) as (process,):
            for cut in range(CUTS // AT_ONCE):
                await one.script(words=WORDS, cut_after=1 + cut % (WORDS - 1))
                await two.script(words=WORDS, repeat_words=cut % 4)
                seen.update(await asyncio.gather(*(_ask(process) for _ in range(AT_ONCE))))
        cut_off, continued = await one.counts(), await two.counts()
    print(f"{CUTS} answers of {WORDS} words, cut after 1 to {WORDS - 1} words: {dict(seen)}")
    print(f"  calls to the provider that cuts {cut_off['requests']}, to the one that goes on {continued['requests']}")


async def _ask(process: Process) -> str:
    """What became of one answer, word by word."""
    try:
        events = await events_of(process.peer, another_question())
    except LecternError as error:
        return f"error {error.reason}"
    text = text_of(events)
    if text == WHOLE:
        return "whole"
    said = Counter(text.split())
    return "with repeated words" if max(said.values(), default=0) > 1 else "with missing words"
