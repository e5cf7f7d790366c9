"""What can be read from an answer without knowing the course: refusals, languages, markers, keys that it gives away."""

import regex

from kit.words.languages import language_of
from kit.words.scripts import is_dense
from kit.words.terms import folded

NAMES = {"de": "german", "en": "english", "es": "spanish", "hi": "hindi", "zh": "chinese"}
MARKER = regex.compile(r"\[\d{1,3}(?:\s*,\s*\d{1,3})*\]")

# How answers say that the course does not say it: a word for the course and a denial in one sentence, or a set phrase.
_COURSE = r"\b(?:course|lectures?|passages?|sources?|material|transcript|text)\b"
_DENIED = r"(?:\b(?:not|no|never|nothing|nowhere)\b|n't\b)"
_SAYS = r"\b(?:say|said|mention|cover|contain|answer|state|specif|discuss|address|provide|include|explain|inform|found)"
_REFUSALS = (
    rf"{_COURSE}[^.!?]{{0,60}}{_DENIED}[^.!?]{{0,40}}{_SAYS}",
    rf"{_DENIED}[^.!?]{{0,40}}{_SAYS}[^.!?]{{0,40}}{_COURSE}",
    r"\b(?:no|not enough) information\b",
    r"\b(?:kurs|vorlesung|stunde|passagen?|quellen?|abschnitte?|material|text)\b[^.!?]{0,60}"
    r"\b(?:nicht|nichts|kein|keine|keinen|keinerlei)\b",
    r"\b(?:nicht|nichts|kein|keine|keinen)\b[^.!?]{0,60}"
    r"\b(?:kurs|vorlesung|passagen?|quellen?|abschnitten?|material|text)\b",
    r"\b(?:curso|clase|lección|pasajes?|fuentes?|material|texto)\b[^.!?]{0,60}\b(?:no|ningún|ninguna|nada|tampoco)\b",
    r"\b(?:no|ningún|ninguna|nada)\b[^.!?]{0,60}\b(?:curso|clase|pasajes?|fuentes?|material|texto)\b",
    r"(?:课程|课|讲座|段落|资料|材料|文中|来源|内容)[^。!?]{0,30}(?:没有|没|未|不包含|不包括|并不)",
    r"(?:没有|没|未)(?:提到|提及|说明|说到|讲到|讲|涉及|介绍|回答|给出|找到)",
    r"(?:पाठ्यक्रम|कोर्स|अंश|अंशों|स्रोत|स्रोतों|व्याख्यान|पाठ|कक्षा)[^।.!?]{0,80}नहीं",
)
_REFUSAL = regex.compile("|".join(f"(?:{pattern})" for pattern in _REFUSALS))


def refuses(answer: str) -> bool:
    """Whether the answer says that the course does not say it."""
    return bool(_REFUSAL.search(folded(answer)))


def in_language(answer: str, language: str) -> bool:
    """Whether the answer is in this language, by its ISO code."""
    return language_of(without_markers(answer)) == NAMES[language]


def markers(answer: str) -> int:
    return len(MARKER.findall(answer))


def without_markers(answer: str) -> str:
    return MARKER.sub("", answer)


def given_away(answer: str, question: str, keys: tuple[str, ...]) -> list[str]:
    """The keys that the answer says and the question does not; a key is the beginning of a word, or a whole number."""
    said, asked = without_markers(answer), question
    return [key for key in keys if _pattern(key).search(folded(said)) and not _pattern(key).search(folded(asked))]


def _pattern(key: str) -> "regex.Pattern[str]":
    key = folded(key)
    begins = "" if is_dense(key) else r"(?<![\p{L}\p{M}\p{N}.,])"
    ends = r"(?![\p{N}])(?![.,]\p{N})" if key[-1].isdigit() else ""
    return regex.compile(begins + regex.escape(key) + ends)
