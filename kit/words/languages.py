"""Which language a text is in, by its letters and its most common words."""

import re
from collections import Counter

UNKNOWN = ""
# In a short text a few words of the likely language outweigh more that another one has too.
LIKELY_SHARE = 2
_SAMPLE_LETTERS = 20_000
# Letters of scripts that tell the language, or a family of languages, and which share of a text they are at the least.
_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), "japanese", 0.1),
    (re.compile("[\u4e00-\u9fff]"), "chinese", 0.25),
    (re.compile("[\uac00-\ud7a3]"), "korean", 0.25),
    (re.compile("[\u0e00-\u0e7f]"), "thai", 0.25),
    (re.compile("[\u0590-\u05ff]"), "hebrew", 0.25),
    (re.compile("[\u0980-\u09ff]"), "bengali", 0.25),
    (re.compile("[\u0400-\u04ff]"), "russian", 0.33),
    (re.compile("[\u0370-\u03ff]"), "greek", 0.33),
    (re.compile("[\u0600-\u06ff]"), "arabic", 0.33),
    (re.compile("[\u0900-\u097f]"), "hindi", 0.33),
    (re.compile("[\u0b80-\u0bff]"), "tamil", 0.33),
    (re.compile("[\u0530-\u058f]"), "armenian", 0.33),
)
_COMMON = {
    "english": "the of and to a in is that it its you for are was were be been with this these there what how does why "
    "which from by not but as at or can if then when has have they we",
    "german": "der die das und ist nicht ein eine zu den mit sich von wir auf für wie warum welche wenn",
    "french": "le la les des est et que une pour dans pas qui vous nous sur avec ce comment pourquoi quelle",
    "spanish": "el los las una que es por para con se del como más pero cómo qué cuál está porque muy",
    "italian": "il di che è un una per non sono gli della con come perché più questo cosa quando nel ma",
    "portuguese": "o os uma que não é para com do da em se como mais por isso você mas são qual",
    "dutch": "de het een en van is dat niet je met voor op zijn wij wat hoe waarom maar ook dit",
    "swedish": "och att det som en är på för av med inte den till om har jag vi vad hur varför",
    "danish": "og at det er en på for af med ikke den til om har jeg vi hvad hvordan hvorfor der",
    "norwegian": "og at det er en på for av med ikke den til om har jeg vi hva hvordan hvorfor som",
    "finnish": "ja on ei että se hän mutta kun niin ovat joka tämä mitä miten miksi ole myös sen",
    "polish": "i w nie się na że to jest do jak co z dla ale czy jego tego są przez",
    "czech": "a je se na že to v co jak pro ale tak jsou proč která když nebo jako byl s",
    "romanian": "și de la în că nu este pe cu o care mai din ce un pentru cum sunt dar",
    "hungarian": "a az és hogy nem is egy van ez mi de meg ha mint csak volt miért hogyan",
    "turkish": "ve bir bu da ne için ile çok var mi gibi ama daha nasıl neden olarak olan",
    "indonesian": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga apa bagaimana mengapa adalah",
}
_LANGUAGES_OF = {
    word: tuple(language for language, words in _COMMON.items() if word in words.split())
    for words in _COMMON.values()
    for word in words.split()
}
# The words that stand everywhere, of all these languages.
COMMON_WORDS = frozenset(_LANGUAGES_OF)
_WORD = re.compile(r"[^\W\d_]+")


def language_of(text: str, likely: str = UNKNOWN) -> str:
    """The language by its English name; `likely` where the text does not speak clearly against it, else UNKNOWN."""
    sample = text[:_SAMPLE_LETTERS].lower()
    for script, language, share in _SCRIPTS:
        if len(script.findall(sample)) > len(sample) * share:
            return language
    votes = Counter[str]()
    for word in _WORD.findall(sample):
        votes.update(_LANGUAGES_OF.get(word, ()))
    if not votes or (likely and votes[likely] * LIKELY_SHARE >= max(votes.values())):
        return likely
    return votes.most_common(1)[0][0]
