"""A classroom's questions by Zipf's law, in threads that go on: how many calls of a model answers and titles take.

The students and questions are those of `bench peers`; each thread is titled after its first turn, as the worker does.
"""

import random
from collections import defaultdict
from collections.abc import Sequence

from lectern.inference.v1 import generation_pb2 as pb

from bench.fake_provider.process import Remote, fake_provider
from bench.inference.fleet import Process, fleet
from bench.peers.rows.crowds import ASKED, LECTURES, NOUNS, QUESTIONS, SKEW, STUDENTS
from kit.auth.caller import Caller
from tests.inference import events_of, providers_json, text_of

ROUNDS = 10
INSTRUCTION = "Name the conversation."

Thread = list[tuple[str, str]]


async def run() -> None:
    async with fake_provider() as remote:
        await remote.script(text="Energy travels, matter stays [1].")
        async with fleet(1, providers_json(remote), coalesce_ms=0) as (process,):
            await _asked(process, remote)


async def _asked(process: Process, remote: Remote) -> None:
    chance = random.Random(12)
    questions = [text.format(noun=noun) for noun in NOUNS for text in ASKED][:QUESTIONS]
    weights = [1 / rank**SKEW for rank in range(1, len(questions) + 1)]
    threads: defaultdict[tuple[int, int], Thread] = defaultdict(list)
    for _ in range(ROUNDS):
        for lecture in range(LECTURES):
            asked = chance.choices(questions, weights, k=STUDENTS)
            for student, question in enumerate(asked):
                await _turn(process, lecture, student, question, threads[lecture, student])
    turns = ROUNDS * LECTURES * STUDENTS
    answers = (await remote.counts())["requests"]
    for (lecture, student), thread in threads.items():
        await _title(process, lecture, student, thread)
    titles = (await remote.counts())["requests"] - answers
    saved = 1 - (answers + titles) / (turns + len(threads))
    print(f"{LECTURES} lectures of {STUDENTS} students, {ROUNDS} questions each by Zipf ({QUESTIONS} questions)")
    print(f"answers: {turns} turns, {answers} calls, {1 - answers / turns:.0%} saved")
    print(f"titles: {len(threads)} threads, {titles} calls, {1 - titles / len(threads):.0%} saved")
    print(f"in all {saved:.0%} of the calls saved, beside 80 % that the older documents name")


async def _turn(process: Process, lecture: int, student: int, question: str, thread: Thread) -> None:
    tutoring = pb.StreamGenerateRequest.Tutoring(
        course=f"courses/lecture-{lecture}",
        question=question,
        sources=[pb.StreamGenerateRequest.Source(id="p1", text="A wave carries energy.", label="00:12")],
        history=_history(thread),
    )
    request = pb.StreamGenerateRequest(purpose=pb.PURPOSE_CHAT, tutoring=tutoring)
    events = await events_of(process.peer, request, Caller("school", f"student-{student}"))
    thread.append((question, text_of(events)))


def _history(thread: Thread) -> Sequence[pb.PromptMessage]:
    return [
        pb.PromptMessage(role=role, text=text)
        for turn in thread[-3:]
        for role, text in zip((pb.PromptMessage.USER, pb.PromptMessage.ASSISTANT), turn, strict=True)
    ]


async def _title(process: Process, lecture: int, student: int, thread: Thread) -> None:
    question, answer = thread[0]
    request = pb.StreamGenerateRequest(
        purpose=pb.PURPOSE_TITLE,
        messages=[
            pb.PromptMessage(role=pb.PromptMessage.SYSTEM, text=INSTRUCTION),
            pb.PromptMessage(role=pb.PromptMessage.USER, text=f"Question: {question}\n\nAnswer: {answer}"),
        ],
        course=f"courses/lecture-{lecture}",
        max_tokens=32,
    )
    await events_of(process.peer, request, Caller("school", f"student-{student}"))
