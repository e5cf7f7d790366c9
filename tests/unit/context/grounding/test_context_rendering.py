"""What is made once for a version of the knowledge is what would be made for each question."""

import asyncio
import gc
import weakref

from lectern.context.v1 import grounding_pb2

from services.context import convert
from services.context.rendering import Renderings
from services.context.service.grounding import TOKENS_PER_PASSAGE, Context
from tests.unit.context.grounding.conftest import KEY, SENTENCES, Rig


def plain(built: Context) -> grounding_pb2.BuildContextResponse:
    """The response as it is without anything kept."""
    course = built.course.key.course
    near = built.neighbourhood
    return grounding_pb2.BuildContextResponse(
        course=convert.course(built.course),
        video_title=built.video.title if built.video else "",
        passages=[convert.passage(course, found) for found in built.passages],
        neighbourhood=convert.passage(course, near) if near else None,
        context_version=built.course.version,
    )


async def test_the_first_and_the_next_responses_are_those_made_afresh(rig: Rig) -> None:
    url, _ = await rig.bring("one", *SENTENCES), await rig.bring("two", "Waves carry energy.")
    renderings = Renderings()
    for _ in range(2):
        for fields in ({"video_url": url, "position": 200_000}, {"video_url": url}, {}):
            for text in ("item31", "the number of what is special", "energy", "¿?"):
                built = await rig.ask(text, **fields)
                assert renderings.context(built) == plain(built)


async def test_a_passage_that_was_cut_for_one_question_is_whole_for_the_next(rig: Rig) -> None:
    await rig.bring("one", *SENTENCES)
    renderings = Renderings()
    small, large = [await rig.ask("item31", budget=budget) for budget in (80 + TOKENS_PER_PASSAGE, 2000)]
    assert small.passages[0].passage.id == large.passages[0].passage.id
    for built in (large, small, large):
        assert renderings.context(built) == plain(built)


async def test_another_version_is_sent_as_it_is_now(rig: Rig) -> None:
    renderings = Renderings()
    await rig.bring("one", "Waves carry energy.")
    old = renderings.context(await rig.ask("energy"))
    await rig.bring("one", "Waves carry no energy.")
    new = renderings.context(await rig.ask("energy"))
    assert old.context_version != new.context_version
    assert [passage.text for passage in new.passages] == ["Waves carry no energy."]


async def test_what_was_made_goes_with_its_knowledge(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    renderings, built = Renderings(), await rig.ask("energy")
    renderings.context(built)
    held = weakref.ref(built.knowledge)
    del built
    assert held() is not None
    rig.shelf.forget(KEY)
    await asyncio.sleep(0)  # the loop holds the result that this task was last woken with
    gc.collect()
    assert held() is None
