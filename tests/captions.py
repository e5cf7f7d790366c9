"""Long caption files made by repetition, in which every cue can be asked about by its number."""

from datetime import timedelta

SECONDS_PER_CUE = 3
MEASUREMENTS = (
    "String number {number} is tuned to {hertz} hertz.",
    "Pipe number {number} sounds its lowest note at {hertz} hertz.",
    "Glass number {number} rings at {hertz} hertz when it is tapped.",
    "Bell number {number} hums at {hertz} hertz after the stroke.",
)


def hour_of_captions(cues: int = 1200) -> str:
    """A WebVTT file of that many cues, three seconds each: 1,200 of them last an hour."""
    return "\n".join(["WEBVTT", "", *(_cue(number) for number in range(1, cues + 1))])


def spoken_in(number: int) -> str:
    """The text of one cue, counted from 1; its frequency is in no other cue."""
    template = MEASUREMENTS[number % len(MEASUREMENTS)]
    return template.format(number=number, hertz=hertz_of(number))


def hertz_of(number: int) -> int:
    """The frequency that cue `number` names, above every cue number so that the two are never confused."""
    return 10_000 + 7 * number


def start_of(number: int) -> timedelta:
    """The moment at which cue `number` begins."""
    return timedelta(seconds=(number - 1) * SECONDS_PER_CUE)


def _cue(number: int) -> str:
    return f"{number}\n{_stamp(start_of(number))} --> {_stamp(start_of(number + 1))}\n{spoken_in(number)}\n"


def _stamp(moment: timedelta) -> str:
    minutes, seconds = divmod(int(moment.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.000"
