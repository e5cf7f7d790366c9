from collections.abc import AsyncGenerator, Sequence

import pytest

from kit.auth.caller import Caller
from kit.errors import LecternError, Reason, Unavailable
from services.gateway.model import Delta, Finish, Grounding, Notice, Prompt
from services.gateway.turns import generation_retries
from services.gateway.turns.generation_retries import WENT_ON, generate_with_retries

ANA = Caller("default", "ana")
AWAY = Unavailable("no inference")
GOING = Unavailable("the instance is going away", Reason.SHUTTING_DOWN)
REFUSED = Unavailable("no provider", Reason.PROVIDERS_UNAVAILABLE)
END = Finish(provider="memory")
PROMPT = Prompt("What is a wave?", Grounding("courses/waves", "Waves", "", "", (), ""))

Piece = Delta | Notice | Finish | LecternError


class ScriptedGeneration:
    """Says at each call what the next line of its script holds."""

    def __init__(self, *script: Sequence[Piece]) -> None:
        self._script = list(script)
        self.continued: list[str] = []

    async def generate(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Delta | Notice | Finish, None]:
        self.continued.append(prompt.continue_from)
        for piece in self._script.pop(0):
            if isinstance(piece, LecternError):
                raise piece
            yield piece


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation_retries, "PAUSE_SECONDS", 0.0)


async def pieces(generation: ScriptedGeneration) -> list[Delta | Notice | Finish]:
    return [piece async for piece in generate_with_retries(generation, ANA, PROMPT)]


async def test_who_is_away_is_asked_again() -> None:
    generation = ScriptedGeneration([AWAY], [GOING], [Delta("A wave."), END])
    assert await pieces(generation) == [Delta("A wave."), END]
    assert generation.continued == ["", "", ""]


async def test_an_answer_that_broke_off_goes_on_after_its_last_word() -> None:
    generation = ScriptedGeneration([Delta("A "), Delta("wave "), AWAY], [AWAY], [Delta("carries "), GOING], [END])
    assert await pieces(generation) == [Delta("A "), Delta("wave "), WENT_ON, Delta("carries "), WENT_ON, END]
    assert generation.continued == ["", "A wave ", "A wave ", "A wave carries "]


async def test_what_inference_refuses_is_refused_at_once() -> None:
    generation = ScriptedGeneration([REFUSED])
    with pytest.raises(Unavailable) as refused:
        await pieces(generation)
    assert refused.value is REFUSED


async def test_who_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation_retries, "SECONDS", -1.0)
    generation = ScriptedGeneration([AWAY], [Delta("A "), AWAY], [AWAY], [END])
    with pytest.raises(Unavailable) as given_up:
        await pieces(generation)
    assert given_up.value is AWAY
    assert len(generation.continued) == 3, "its twenty seconds begin after its last word"
