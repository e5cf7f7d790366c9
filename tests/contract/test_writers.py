"""What a writer must do: the models behind inference, and the one in memory."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from bench.fake_provider.process import fake_provider
from kit.auth.caller import Caller
from kit.channel import Peer
from kit.errors import Reason, Unavailable
from kit.jobs.settings import JobsSettings
from kit.process import running
from kit.writing.ports import Assignment, Purpose, Writer
from kit.writing.writers import InferenceWriter, MemoryWriter
from services.inference.app import build
from services.inference.settings import InferenceSettings

ANN = Caller("school", "ann")
TITLE = Assignment(Purpose.TITLE, "waves", "Name it.", "What is a wave?", 20)
REPORT = Assignment(Purpose.REPORT, "waves", "Report.", "[]", 200, schema='{"type": "object"}')


@dataclass(frozen=True)
class Bench:
    """A writer that has to write `text` next, or finds no model."""

    writer: Writer
    will_write: Callable[[str], Awaitable[None]]
    goes_away: Callable[[], Awaitable[None]]


@pytest.fixture(params=["memory", "inference"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    if request.param == "memory":
        memory = MemoryWriter([""])

        async def write(text: str) -> None:
            memory.texts = [text]

        async def away() -> None:
            memory.texts = [Unavailable("no model", Reason.PROVIDERS_UNAVAILABLE)]

        yield Bench(memory, write, away)
        return
    async with fake_provider() as provider:
        settings = InferenceSettings(
            local=True,
            providers=f'[{{"name":"fake","baseUrl":"{provider.base_url}","models":{{"default":"fake"}}}}]',
            redis_url=request.getfixturevalue("redis_url"),
            mongodb_uri=request.getfixturevalue("mongodb_uri"),
            inference_database=f"inference_{uuid.uuid4().hex[:8]}",
        )
        async with running("inference", settings, build) as server:
            peer = Peer(f"127.0.0.1:{server.port}", service="threads", secret=settings.internal_secret)

            async def script(text: str) -> None:
                await provider.script(text=text)

            async def fail() -> None:
                await provider.script(status=500)

            yield Bench(InferenceWriter(peer, 120), script, fail)
            await peer.close()


async def test_a_text_comes_with_the_name_of_who_wrote_it(bench: Bench) -> None:
    await bench.will_write("Energy of waves")
    written = await bench.writer.write(ANN, TITLE)
    assert written.text == "Energy of waves"
    assert written.provider
    assert written.model


async def test_a_text_may_have_to_follow_a_schema(bench: Bench) -> None:
    await bench.will_write('{"a": 1}')
    assert (await bench.writer.write(ANN, REPORT)).text == '{"a": 1}'


async def test_without_a_model_the_error_says_so(bench: Bench) -> None:
    await bench.goes_away()
    with pytest.raises(Unavailable) as away:
        await bench.writer.write(ANN, replace(TITLE, material="What was never named before?"))
    assert away.value.reason is Reason.PROVIDERS_UNAVAILABLE


async def test_whoever_waits_for_a_text_waits_as_long_as_its_model_may_take() -> None:
    """A limit above the usual has its effect: on the call, and on the jobs that the call is a part of."""
    patient = JobsSettings(bulk_timeout=900.0).policies
    assert patient.of("generate_quiz").time_limit > 3 * 900
    assert patient.of("generate_report").time_limit > 2 * 900
    assert JobsSettings().policies.of("generate_report").time_limit == 300
    assert patient.of("generate_title").time_limit == JobsSettings().policies.of("generate_title").time_limit
