"""The words that a question is about."""

import re
from collections.abc import Iterator

from kit.words.terms import terms_of_word, unaccented

WORD = re.compile(r"[^\W\d_]{4,}")
TOPICS_PER_QUESTION = 12
# What questions are made of, whatever they are about: English, German, French, Spanish.
FILLERS = frozenset(
    """
    about after again also answer because been before being between both call called calls come could describe
    difference does doing down done each else ever every example explain from gets give given gives goes have having
    help here into just know like made make makes many mean meaning means more most much must need only other over
    please really same should show some still such take tell than that their them then there these they thing things
    this those through under understand used uses using very want were what when where which while whose will with
    without work works would your aber alle auch beim bitte dann dass denn dein deren diese dieser dieses doch durch
    eine einen einer eines erkläre etwas geht gibt haben hier kann können muss nach nicht noch oder ohne schon sein
    seine sich sind über unter viel vom warum wann welche welcher welches wenn werden wieso wird wieder wurde avec
    avoir cela celle cette comme comment dans donc elle entre être fait faire leur mais même nous pour pourquoi quand
    quel quelle quelles quels quoi sans sont sous tout très vous como cómo cual cuál cuáles cuando cuándo desde donde
    dónde esta este esto hacer hasta para pero porque puede sobre también tiene todo
    """.split()  # noqa: SIM905 - a list of one word a line would hide the code
)


def topics_of(question: str) -> dict[str, str]:
    """The topics of a question, each word under its stem."""
    topics: dict[str, str] = {}
    for word in _words(question):
        topics.setdefault(_stem(word), word)
        if len(topics) == TOPICS_PER_QUESTION:
            break
    return topics


def _stem(word: str) -> str:
    return " ".join(terms_of_word(unaccented(word), "english"))


def _words(question: str) -> Iterator[str]:
    return (word for match in WORD.finditer(question) if (word := match[0].casefold()) not in FILLERS)
