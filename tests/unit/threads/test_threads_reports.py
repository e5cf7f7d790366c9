"""Reports over memory: what a model wrote, checked; and what the thread itself holds where none does."""

from collections.abc import Sequence

import orjson
import pytest

from kit.errors import FailedPrecondition, InvalidArgument, LecternError, NotFound, Reason, Unavailable
from kit.writing.drafts import Unusable
from kit.writing.writers import MemoryWriter
from services.threads.adapters.memory.reports import MemoryReports
from services.threads.model import Answer, Citation, Findings, Point, Question, Report, State
from services.threads.service.reports.drafts import findings_in
from services.threads.service.reports.markdown import markdown
from services.threads.service.reports.material import material_of
from services.threads.service.reports.writing import Order, Reporting
from tests.talk import ANN, Talk

ENERGY = Citation("It carries energy", "https://v/1", 4.0, 8.0, verified=True, index=1, title="Waves")
HERTZ = Citation("in hertz", "https://v/1", 68.0, 72.0, verified=True, index=1, title="Waves")
GUESS = Citation("somewhere", "https://v/1", 1.0, 2.0, verified=False, index=2, title="Waves")


def draft(**changes: object) -> str:
    whole = {
        "title": "Waves",
        "summary": "About waves.",
        "asked": [{"text": "What a wave carries", "citations": []}],
        "understood": [{"text": "It carries energy", "citations": [1]}],
        "unclear": [{"text": "Hertz", "citations": [2]}],
        "nextSteps": [{"text": "Watch again", "citations": [2, 2]}],
    }
    return orjson.dumps({**whole, **changes}).decode()


class Desk:
    """A thread with three turns, and reports on it by a writer in memory."""

    def __init__(self, *texts: str | LecternError) -> None:
        self.talk = Talk()
        self.writer = MemoryWriter(texts)
        self.reports = MemoryReports(self.talk.database)
        self.reporting = Reporting(turns=self.talk.turns, reports=self.reports, writer=self.writer)
        self.progress: list[int] = []

    async def converse(self) -> None:
        await self.talk.turn(Question("1", "What does a wave carry?"), Answer("Energy [1] or so [2].", (ENERGY, GUESS)))
        await self.talk.turn(Question("2", "What is hertz?"), Answer("Cycles each second [1]. So.", (HERTZ,)))
        await self.talk.turn(Question("3", "And sound?"), Answer(), State.FAILED)

    async def report(self) -> Report:
        async def progress(percent: int, message: str) -> None:
            self.progress.append(percent)

        return await self.reporting.report(Order("r1", ANN, self.talk.thread, ANN.user, "waves"), progress)


async def desk(*texts: str | LecternError) -> Desk:
    made = Desk(*texts)
    await made.converse()
    return made


async def test_a_model_writes_the_report_and_its_numbers_become_citations() -> None:
    at = await desk(draft())
    made = await at.report()
    assert made.findings.understood == (Point("It carries energy", (ENERGY,)),)
    assert made.findings.next_steps == (Point("Watch again", (HERTZ,)),)
    assert (made.degraded, made.provider, made.turn_count) == (False, "memory", 3)
    assert at.progress == sorted(at.progress)
    material = at.writer.assignments[0].material
    assert "Energy [1] or so." in material
    assert "Cycles each second [2]." in material
    assert "(no answer: failed)" in material
    assert "somewhere" not in material, "what was not verified is not offered"


@pytest.mark.parametrize(
    "bad",
    [
        "I would say that it went well.",
        "{}",
        draft(asked=[]),
        draft(summary=" "),
        draft(unclear=[{"text": "Hertz", "citations": [3]}]),
        draft(extra=1),
        draft(unclear=[{"text": "what a wave carries", "citations": [1]}]),
        draft(understood=[], unclear=[], nextSteps=[]),
        InvalidArgument("too long", Reason.CONTEXT_TOO_LONG),
    ],
)
async def test_what_cannot_be_used_is_written_again(bad: str | LecternError) -> None:
    at = await desk(bad, f"```json\n{draft()}\n```")
    made = await at.report()
    assert not made.degraded
    assert len(at.writer.assignments) == 2


async def test_where_no_attempt_can_be_used_the_thread_speaks_for_itself() -> None:
    at = await desk("nonsense")
    made = await at.report()
    assert len(at.writer.assignments) == 2
    assert (made.degraded, made.provider, made.model) == (True, "", "")
    findings = made.findings
    assert [point.text for point in findings.asked] == ["And sound?", "What is hertz?", "What does a wave carry?"]
    assert findings.understood[1] == Point("Energy or so.", (ENERGY,))
    assert [point.text for point in findings.unclear] == ["And sound?"]
    assert [point.text for point in findings.next_steps][:2] == ["Ask again: And sound?", "Look again at Waves, 01:08"]
    assert "No model wrote this report" in made.markdown
    assert "## What was answered with a source" in made.markdown


async def test_a_model_that_is_away_is_waited_for() -> None:
    at = await desk(Unavailable("no model", Reason.PROVIDERS_UNAVAILABLE))
    with pytest.raises(Unavailable):
        await at.report()
    assert not at.talk.database.reports


async def test_a_report_needs_a_thread_with_something_in_it() -> None:
    at = Desk(draft())
    with pytest.raises(NotFound):
        await at.report()
    await at.converse()
    at.talk.database.rows.clear()
    with pytest.raises(FailedPrecondition):
        await at.report()


async def test_the_same_order_twice_is_one_report() -> None:
    at = await desk(draft(), draft(title="Another"))
    first, second = await at.report(), await at.report()
    assert first == second


async def test_material_holds_the_last_turns_that_fit() -> None:
    talk = Talk()
    turns = [await talk.turn(Question(str(n), f"Why {n}?"), Answer("x" * 1000)) for n in range(10)]
    material = material_of(turns, 3500)
    assert [turn.sequence for turn in material.turns] == [8, 9, 10]
    assert material_of(turns, 1).turns == (turns[-1],)


def test_numbers_outside_the_thread_are_refused_even_without_any_citation() -> None:
    with pytest.raises(Unusable):
        findings_in(draft(), ())


def test_markdown_links_to_the_second_and_carries_no_html() -> None:
    points: Sequence[Point] = (Point("A <b>wave</b> [x](y)", (HERTZ,)),)
    text = markdown(Findings("Waves", "About.", asked=tuple(points)), degraded=False)
    assert "- A &lt;b>wave&lt;/b> \\[x\\](y)" in text
    assert "“in hertz” ([Waves, 01:08](<https://v/1#t=68>))" in text
    assert "## Next steps" not in text
