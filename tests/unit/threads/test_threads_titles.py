import pytest

from kit.errors import Reason, Unavailable
from kit.writing.ports import Purpose
from kit.writing.writers import MemoryWriter
from services.threads.adapters.announcing import Announcements
from services.threads.model import Answer, Question
from services.threads.service.titles import cleaned
from services.threads.service.titling import Titling
from tests.talk import ANN, Talk


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Energy of waves", "Energy of waves"),
        ('"Energy of waves."', "Energy of waves"),
        ("**Title:** Energy of waves", "Energy of waves"),
        ("\n  # Energie der Wellen [1]\n\nDarum geht es.", "Energie der Wellen"),
        ("波的能量。", "波的能量"),
        ("", ""),
        ("***", ""),
        ("A wave is a disturbance that travels through a medium and carries energy from one place to another.", ""),
    ],
)
def test_what_a_model_wrote_becomes_a_title_or_none(written: str, title: str) -> None:
    assert cleaned(written) == title


async def test_a_title_is_asked_for_by_question_and_answer_and_given_once() -> None:
    talk = Talk()
    await talk.turn(Question("r1", "What is a wave?"), Answer("It carries energy."))
    writer = MemoryWriter([Unavailable("away", Reason.PROVIDERS_UNAVAILABLE), "Waves"])
    titling = Titling(threads=talk.threads, turns=talk.turns, writer=writer, observer=Announcements([]))
    with pytest.raises(Unavailable):
        await titling.title(ANN, talk.thread)
    assert talk.database.threads[talk.thread].title == "What is a wave?"
    assert await titling.title(ANN, talk.thread) == "Waves"
    assert talk.database.threads[talk.thread].title == "Waves"
    assert await titling.title(ANN, talk.thread) == "", "a title is given once"
    assert writer.assignments[0].purpose is Purpose.TITLE
    assert "It carries energy." in writer.assignments[0].material
