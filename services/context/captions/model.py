"""What captions are written in, and their cues as they were written."""

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """The formats that are read."""

    VTT = "vtt"
    SRT = "srt"
    JSON = "json"
    TEXT = "text"
    SBV = "sbv"
    TTML = "ttml"
    YOUTUBE_XML = "youtube_xml"
    ASS = "ass"
    SAMI = "sami"
    LRC = "lrc"
    MICRODVD = "microdvd"
    TABLE = "table"

    @property
    def label(self) -> str:
        """Its name, as people say it."""
        return _LABELS[self]


_LABELS = {
    Format.VTT: "WebVTT",
    Format.SRT: "SubRip",
    Format.JSON: "JSON",
    Format.TEXT: "plain text",
    Format.SBV: "SBV",
    Format.TTML: "TTML",
    Format.YOUTUBE_XML: "YouTube's XML",
    Format.ASS: "Advanced SubStation Alpha",
    Format.SAMI: "SAMI",
    Format.LRC: "lines that begin with a time",
    Format.MICRODVD: "MicroDVD",
    Format.TABLE: "a table",
}


@dataclass(frozen=True, slots=True)
class RawCue:
    """A cue as it was written: its place in the source, and times that may be missing or wrong, in milliseconds.

    The text has its markup, and a line end for each that was written.
    """

    place: str
    start: int | None
    end: int | None
    text: str
