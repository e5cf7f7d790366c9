"""A structured answer of the real demo model, through the edge, by OpenAI's client."""

from typing import Literal

import openai
import pytest
from pydantic import BaseModel

from tests.e2e.conftest import System

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Verdict(BaseModel):
    carries: Literal["energy", "matter"]


async def test_the_demo_model_answers_in_the_form_that_is_asked(system: System) -> None:
    async with openai.AsyncOpenAI(
        base_url=f"{system.base_url}/openai/v1",
        api_key=system.token("ada"),
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(trust_env=False, timeout=60),
    ) as client:
        made = await client.chat.completions.parse(
            model="lectern",
            messages=[{"role": "user", "content": "Does a wave carry energy or matter?"}],
            response_format=Verdict,
            temperature=0,
            max_tokens=100,
        )

    assert made.choices[0].message.parsed
    assert made.choices[0].finish_reason == "stop"
