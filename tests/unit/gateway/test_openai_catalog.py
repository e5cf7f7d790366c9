"""Models are asked for once however many ask, and what was listed last serves while inference is away."""

import asyncio
from collections.abc import Sequence

import pytest

from kit.errors import Unavailable
from services.gateway.openai import catalog
from services.gateway.openai.catalog import Catalog
from services.gateway.openai.ports import Model


class Inference:
    """Lists one model as soon as it is there, or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.there = asyncio.Event()
        self.fails = False

    async def models(self) -> Sequence[Model]:
        self.asked += 1
        await self.there.wait()
        if self.fails:
            raise Unavailable("away")
        return [Model("small", "local", embeds=False)]


async def test_the_first_callers_share_one_answer_and_the_one_who_leaves_takes_nothing_away() -> None:
    inference = Inference()
    models = Catalog(inference)
    asks = [asyncio.create_task(models.chat_model("small")) for _ in range(50)]
    await asyncio.sleep(0)
    asks[0].cancel()
    inference.there.set()
    assert await asyncio.gather(*asks[1:]) == ["small"] * 49
    assert inference.asked == 1


async def test_nobody_waits_for_inference_once_models_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "KEPT_SECONDS", 0.0)
    inference = Inference()
    models = Catalog(inference)
    inference.there.set()
    assert await models.chat_model("small") == "small"
    inference.there.clear()
    assert await asyncio.gather(*(models.chat_model("small") for _ in range(50))) == ["small"] * 50
    inference.fails = True
    inference.there.set()
    await asyncio.sleep(0.01)
    assert await models.chat_model("small") == "small"
    assert inference.asked >= 2


async def test_where_no_model_was_ever_listed_the_error_is_told_and_the_next_asks_again() -> None:
    inference = Inference()
    inference.fails = True
    inference.there.set()
    models = Catalog(inference)
    for asked in (1, 2):
        with pytest.raises(Unavailable):
            await models.chat_model("small")
        await asyncio.sleep(0)
        assert inference.asked == asked
