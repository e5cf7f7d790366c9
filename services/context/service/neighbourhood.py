"""What is said around a position in a video."""

from bisect import bisect_right
from collections.abc import Sequence

from services.context.model import Cue, Passage, Video
from services.context.passages.cutting import joined, passage_id
from services.context.retrieval.knowledge import Knowledge, Track

BEFORE = 45_000
AFTER = 15_000


def around(knowledge: Knowledge, video: Video, position: int, budget: int) -> Passage | None:
    """The cues from 45 s before the position to 15 s after it, as far as the tokens reach; None without times."""
    track = knowledge.track_of(video)
    if not track.cues or track.cues[0].start is None:
        return None
    window = _fitting(track, bisect_right(track.cues, position, key=_start) - 1, position, budget)
    if not window:
        return None
    text = " ".join(joined(window).text.split())
    start = window[0].start
    name = passage_id(knowledge.course.key.course, video.url, start, text)
    return Passage(name, text, start, window[-1].end, tuple(window))


def _fitting(track: Track, at: int, position: int, budget: int) -> Sequence[Cue]:
    """Grows from the cue on screen: what was said last first, then what comes."""
    cues, tokens = track.cues, track.tokens
    first = last = max(0, at)
    left = budget - tokens[first]
    if left < 0 or _start(cues[first]) > position + AFTER or (cues[last].end or 0) < position - BEFORE:
        return ()
    while first and (cues[first - 1].end or 0) >= position - BEFORE and tokens[first - 1] <= left:
        first -= 1
        left -= tokens[first]
    while last + 1 < len(cues) and _start(cues[last + 1]) <= position + AFTER and tokens[last + 1] <= left:
        last += 1
        left -= tokens[last]
    return cues[first : last + 1]


def _start(cue: Cue) -> int:
    return cue.start or 0
