import json
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from tests.captions import hertz_of, hour_of_captions, spoken_in

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "local" / "sample"
COURSE = json.loads((SAMPLE / "course.json").read_text())
QUESTIONS = json.loads((ROOT / "tests" / "data" / "retrieval.json").read_text())
CUE = re.compile(r"(\S+) --> (\S+)\n(.+?)(?:\n\n|\n?\Z)", re.DOTALL)


@dataclass(frozen=True)
class Cue:
    start: float
    end: float
    lines: tuple[str, ...]


def seconds(stamp: str) -> float:
    hours, minutes, rest = stamp.split(":")
    return round(int(hours) * 3600 + int(minutes) * 60 + float(rest), 3)


def cues_of(vtt: str) -> list[Cue]:
    return [Cue(seconds(start), seconds(end), tuple(text.split("\n"))) for start, end, text in CUE.findall(vtt)]


LECTURES = {video["videoUrl"]: cues_of((SAMPLE / video["file"]).read_text()) for video in COURSE["videos"]}


@pytest.mark.parametrize("url", LECTURES)
def test_the_sample_lectures_are_captioned_as_real_ones_are(url: str) -> None:
    cues = LECTURES[url]
    assert 100 <= len(cues) <= 150
    assert 8 * 60 <= cues[-1].end <= 12 * 60
    assert all(2 <= cue.end - cue.start <= 6 for cue in cues)
    assert all(before.end <= after.start for before, after in pairwise(cues))
    assert all(len(cue.lines) <= 2 and max(map(len, cue.lines)) <= 42 for cue in cues)


@pytest.mark.parametrize("labelled", QUESTIONS, ids=lambda labelled: labelled["question"])
def test_each_labelled_answer_begins_and_ends_with_a_cue(labelled: dict[str, str | float]) -> None:
    cues = LECTURES[str(labelled["videoUrl"])]
    assert labelled["start"] in [cue.start for cue in cues]
    assert labelled["end"] in [cue.end for cue in cues]
    assert 0 < float(labelled["end"]) - float(labelled["start"]) < 40


def test_an_hour_of_captions_has_a_frequency_of_its_own_in_every_cue() -> None:
    cues = cues_of(hour_of_captions())
    assert len(cues) == 1200
    assert cues[-1].end == 3600
    assert cues[699].lines == (spoken_in(700),)
    assert sum(str(hertz_of(700)) in cue.lines[0] for cue in cues) == 1
