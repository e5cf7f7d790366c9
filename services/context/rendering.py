"""What turns are sent of a course's knowledge: protobuf that is made once for each passage of each of its versions."""

from weakref import WeakKeyDictionary

from lectern.context.v1 import courses_pb2, grounding_pb2

from services.context import convert
from services.context.model import Cue
from services.context.retrieval.knowledge import Knowledge
from services.context.service.grounding import Context
from services.context.service.search import Found


class Renderings:
    """Keeps what was made as long as the knowledge that it is of is held anywhere."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Knowledge, Rendering] = WeakKeyDictionary()

    def context(self, built: Context) -> grounding_pb2.BuildContextResponse:
        rendering = self._of.get(built.knowledge)
        if rendering is None:
            rendering = self._of[built.knowledge] = Rendering(built.knowledge)
        return rendering.context(built)


class Rendering:
    """One version's course, passages and cues as bytes, about as long as their words; a response merges them."""

    def __init__(self, knowledge: Knowledge) -> None:
        course = convert.course(knowledge.course)
        head = grounding_pb2.BuildContextResponse(course=course, context_version=knowledge.course.version)
        self._name = knowledge.course.key.course
        self._head = head.SerializeToString()
        self._passages: dict[int, bytes] = {}
        self._cues: dict[Cue, bytes] = {}

    def context(self, built: Context) -> grounding_pb2.BuildContextResponse:
        response = grounding_pb2.BuildContextResponse.FromString(self._head)
        if built.video:
            response.video_title = built.video.title
        for found in built.passages:
            self._fill(response.passages.add(), found)
        if built.neighbourhood:
            self._fill(response.neighbourhood, built.neighbourhood)
        return response

    def _fill(self, passage: courses_pb2.Passage, found: Found) -> None:
        if found.row is None:  # made for this question alone
            passage.CopyFrom(convert.without_cues(self._name, found))
            passage.MergeFromString(b"".join(map(self._cue, found.passage.cues)))
            return
        made = self._passages.get(found.row)
        if made is None:
            whole = convert.passage(self._name, found)
            whole.ClearField("score")
            made = self._passages[found.row] = whole.SerializeToString()
        passage.MergeFromString(made)
        passage.score = found.score

    def _cue(self, cue: Cue) -> bytes:
        """A passage of nothing but this cue: cues of merged passages follow one another."""
        made = self._cues.get(cue)
        if made is None:
            made = self._cues[cue] = courses_pb2.Passage(cues=convert.cues([cue])).SerializeToString()
        return made
