"""What the answer to a question can lean on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest

from kit.auth.caller import Caller
from kit.errors import InvalidArgument, NotFound, Reason
from kit.words.scripts import tokens
from services.context.model import Course, CourseKey, Video
from services.context.model.missing import course_not_found
from services.context.passages.cutting import beginning
from services.context.retrieval.knowledge import Knowledge
from services.context.retrieval.overview import asks_for_the_whole
from services.context.service.neighbourhood import around
from services.context.service.popularity import Popularity
from services.context.service.search import Found, Scored, Search, found_at
from services.context.service.shelf import Shelf

DEFAULT_BUDGET = 1500
LARGEST_BUDGET = 32_000
# What comes after has nothing more to tell about what is looked for.
LONGEST_QUERY = 2000
MOST_PASSAGES = 20
# Some are too long for what is left of the budget.
CANDIDATES = 25
# Each passage stands in a prompt with a number and a label.
TOKENS_PER_PASSAGE = 12


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the video on screen or empty, and where it stands in milliseconds."""

    course: str
    text: str
    video_url: str = ""
    position: int | None = None
    budget: int = DEFAULT_BUDGET


@dataclass(frozen=True, slots=True)
class Context:
    """The passages, best first, and what is said around the position; all of it from one version of the knowledge."""

    knowledge: Knowledge
    video: Video | None
    passages: Sequence[Found]
    neighbourhood: Found | None

    @property
    def course(self) -> Course:
        return self.knowledge.course


class Grounding:
    """Builds the context of turns from knowledge that is at hand."""

    def __init__(self, shelf: Shelf, search: Search, popularity: Popularity) -> None:
        self._shelf = shelf
        self._search = search
        self._popularity = popularity

    async def build(self, caller: Caller, question: Question) -> Context:
        """Within the budget of tokens; raises NotFound for a course or video that is not there or not to be seen."""
        _check(question)
        knowledge = await self.knowledge(caller, question.course)
        video = video_of(knowledge, question.video_url)
        self._popularity.count(knowledge.course.key)
        near = _neighbourhood(knowledge, video, question)
        left = question.budget - (tokens(near.passage.text) + TOKENS_PER_PASSAGE if near else 0)
        text = question.text[:LONGEST_QUERY]
        found: Sequence[Scored] = ()
        if not asks_for_the_whole(text):
            found = await self._search.first(caller, knowledge, text, CANDIDATES, preferred=video)
        return Context(knowledge, video, _within(knowledge, found or _whole(knowledge, video), left), near)

    async def knowledge(self, caller: Caller, course: str) -> Knowledge:
        """The course's knowledge, for those who may see the course."""
        key = CourseKey(caller.tenant, course)
        knowledge = await self._shelf.get(key)
        if not knowledge.course.visible_to(caller.user, teacher=caller.is_teacher):
            raise course_not_found(key)
        return knowledge


def video_of(knowledge: Knowledge, url: str) -> Video | None:
    """The video at the address, None for no address; raises NotFound where the course has no such video."""
    if not url:
        return None
    video = knowledge.video(url)
    if video is None:
        raise NotFound(
            f"{knowledge.course.key.name} has no video at this address", Reason.VIDEO_NOT_FOUND, field="video_url"
        )
    return video


def _check(question: Question) -> None:
    if not 0 < question.budget <= LARGEST_BUDGET:
        raise InvalidArgument(f"token_budget must be from 1 to {LARGEST_BUDGET}", field="token_budget")
    if question.position is not None and question.position < 0:
        raise InvalidArgument("position must not be negative", field="position")


def _neighbourhood(knowledge: Knowledge, video: Video | None, question: Question) -> Found | None:
    if video is None or question.position is None:
        return None
    passage = around(knowledge, video, question.position, question.budget // 3 - TOKENS_PER_PASSAGE)
    return Found(passage, video, 0) if passage else None


def _whole(knowledge: Knowledge, video: Video | None) -> Sequence[Scored]:
    """What a video or course is about: how it begins and ends, then what stands between, from all of its parts.

    Lectures say at their beginning what they are about, and gather it up at their end. Of a course each source begins
    first.
    """
    sources = knowledge.sources if video is None else (video,)
    parts = [spread(knowledge.rows_of(source)) for source in sources]
    rows = (row for each in zip_longest(*parts) for row in each if row is not None)
    return [(row, 0.0) for row in islice(rows, CANDIDATES)]


def spread(rows: Sequence[int]) -> list[int]:
    """Rows in the order in which they tell of a whole: the first, the last, then the middles of what is between."""
    order, gaps = list(dict.fromkeys((*rows[:1], *rows[-1:]))), [(0, len(rows) - 1)]
    while gaps:
        first, last = gaps.pop(0)
        middle = (first + last) // 2
        if middle not in (first, last):
            order.append(rows[middle])
            gaps += [(first, middle), (middle, last)]
    return order


def _within(knowledge: Knowledge, candidates: Sequence[Scored], budget: int) -> list[Found]:
    """As many of the best as fit; a shorter one may fit where a longer one did not. If none does, the best is cut."""
    taken, left = list[Found](), budget
    for row, score in candidates:
        cost = knowledge.tokens[row] + TOKENS_PER_PASSAGE
        if cost <= left and len(taken) < MOST_PASSAGES:
            left -= cost
            taken.append(found_at(knowledge, row, score))
    if candidates and not taken:
        best = found_at(knowledge, *candidates[0])
        passage = beginning(best.passage, budget - TOKENS_PER_PASSAGE)
        return [replace(best, passage=passage, row=None)] if passage else []
    return taken
