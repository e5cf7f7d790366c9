"""Whether a question can be answered without what was said before it, so that its answer serves all who ask the same.

Told by lists of words in English, German, French and Spanish; whatever they don't tell is asked with its history.
"""

import re
from collections.abc import Sequence

from kit.words.languages import COMMON_WORDS, language_of
from kit.words.terms import words
from services.inference.model.generation import Message, Speaker

# What a question that stands alone begins with.
_OPENERS = """
what which who why how when where is are does do did was were can explain define describe
wer wie warum wieso weshalb wann wo welche welcher welches ist sind hat haben erkläre definiere beschreibe
que quoi qu quel quelle quels quelles qui comment pourquoi quand où est explique définis
qué cuál cuáles quién cómo cuándo dónde es son explica define
"""
# What points at something that was said, or goes on from it.
_POINTING = """
about it its he she they them their his her this that these those there here such one ones same so then too also
again more else other
others another instead further still yet and but or because earlier before previous previously above last next
first second third
former latter said mentioned meant like example examples now both either neither none everyone everybody everything
someone somebody something anyone anybody anything nobody nothing each all any
er sie ihr ihm ihn ihnen sein seine dies diese dieser dieses diesen diesem jene jener jenes da dort hier dabei
dafür damit davon daran
dazu darum deshalb dann auch noch mehr nochmal wieder andere anderer anderes anderen sonst aber und oder gesagt
erwähnt vorher eben beide beides beiden jeder jeden alle allen alles keiner keines niemand
vorhin oben letzte nächste erste zweite beispiel beispiele nun jetzt
il elle ils elles lui leur leurs ce cet cette ces cela ça ceci celui celle ceux y en là ici même aussi encore
plus autre autres mais et
ou dit avant précédent dernier prochain premier première second exemple exemples maintenant deux tous toutes tout
chacun chacune aucun aucune personne rien
él ella ello ellos ellas esto eso este esta ese esa estos esas aquel ahí allí aquí mismo también otra otro otras
otros más pero o
dicho antes anterior último próximo primero primera segundo ejemplo ejemplos ahora ambos ambas todos todas todo
nadie nada ninguno ninguna cada alguien algo
dat dit deze daar hier hij zij hem haar hun
isso isto aquilo ele ela eles elas esse essa este aqui
ciò questo questa quello quella lui lei loro qui
"""
# What speaks of those who speak, and of how answers are to be.
_SPEAKING = """
i me my mine we us our you your answer answers answering reply write speak say tell please short shorter simple
simpler simply detail
details step steps always never english german french spanish
ich mich mir mein meine wir uns du dich dir dein bitte antworte antwort kürzer einfacher genauer deutsch
englisch immer
je moi mon ma mes nous notre tu te toi ton vous votre réponds réponse français anglais toujours
yo me mi mis nosotros nuestro tú te tu usted responde respuesta español inglés siempre
"""
# What names nothing by itself: the words around names, and names of whatever was spoken of.
_NAMELESS = """
a an the of to in on at by for from with into as be been being has have had will would could should may
might must not no all
any each every some many much few lot between during after through over under out up down off than if while
mean means meaning work works working happen happens come comes go goes get gets make makes made use used
important called call form true false right wrong correct agree agrees possible two three four
der die das den dem des ein eine einen einem einer von zu zum zur im am an auf bei für mit aus über unter nach
durch nicht kein als wenn
wird werden kann können bedeutet funktioniert passiert heißt wahr falsch richtig stimmt möglich zwei drei vier
le la les l du des d un une de à au aux dans sur par pour avec sans ne pas si se sont était fait signifie marche
vrai vrais vraie vraies faux juste possible trois quatre
passe appelle
el los las del al un una unos unas en por para con sin no si se fue significa funciona pasa llama cierto cierta
ciertas ciertos verdad falso correcto posible dos tres cuatro
answer question questions formula result difference reason cause problem part point word term idea case way
thing things definition
value unit equation proof law rule method effect purpose advantage name number topic lecture video lesson course
chapter
formel ergebnis unterschied grund ursache problem teil punkt wort begriff idee fall art ding wert einheit
gleichung beweis gesetz
regel methode wirkung zweck vorteil name zahl thema vorlesung video kurs kapitel frage
formule résultat différence raison cause problème partie point mot terme idée cas chose définition valeur unité
preuve loi règle
méthode effet but avantage nom nombre sujet cours vidéo leçon chapitre question
fórmula resultado diferencia razón causa problema parte punto palabra término caso cosa definición valor unidad
prueba ley regla
método efecto propósito ventaja nombre número tema curso clase capítulo pregunta
"""
_DEFINITE = frozenset(words("the der die das dem den des le la les l du el los las del"))
# `es` is "it" in German and "is" in Spanish.
_SPANISH = frozenset(words("qué cuál cuáles quién cómo cuándo dónde"))
LANGUAGES = frozenset({"english", "german", "french", "spanish"})
_CLAUSE = re.compile(r"[:;.!?]\s+")
LONGEST_WORDS = 40
# Names are the same in their other forms: singular and plural, noun and verb.
STEM_LETTERS = 5


def _listed(text: str) -> frozenset[str]:
    return frozenset(part for word in text.split() for part in words(word))


OPENERS, NAMELESS = _listed(_OPENERS), _listed(_NAMELESS)
POINTING, SPEAKING = _listed(_POINTING), _listed(_SPEAKING)


def stands_alone(question: str, history: Sequence[Message]) -> bool:
    """Whether the question names its matter itself, and is not asked again in other words.

    Earlier questions must be no wishes about answers: who asked for simpler words before is to get them.
    """
    earlier = [message.text for message in history if message.speaker is Speaker.USER]
    if language_of(question) not in LANGUAGES or _points_back(question):
        return False
    if not _is_plain(question) or not all(map(_is_plain, earlier)):
        return False
    names, said = _names(question), [_names(each) for each in earlier]
    if _DEFINITE.isdisjoint(words(question)):
        return bool(names) and not any(names <= each for each in said)
    # "What is the speed?" is asked of something, and "the wave" may be the one that was spoken of.
    return len(names) > 1 and not any(names & each for each in said)


def _is_plain(question: str) -> bool:
    """Whether it asks for a matter, and speaks of nobody and of no way to answer."""
    asked = words(question)
    if not 0 < len(asked) <= LONGEST_WORDS or not SPEAKING.isdisjoint(asked):
        return False
    last = next((clause for clause in reversed(_CLAUSE.split(question)) if words(clause)), "")
    return words(last)[0] in OPENERS


def _points_back(question: str) -> bool:
    asked = words(question)
    return not POINTING.isdisjoint(asked) or ("es" in asked and _SPANISH.isdisjoint(asked))


def _names(question: str) -> set[str]:
    known = OPENERS | NAMELESS | COMMON_WORDS
    return {word[:STEM_LETTERS] for word in words(question) if word not in known and len(word) > 1 and word.isalpha()}
