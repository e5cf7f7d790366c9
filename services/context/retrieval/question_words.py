"""The words that questions are put in, such as "what is": they name nothing that could be looked for."""

import regex

from kit.words.terms import folded

_WORDS = """
what what's which who whom whose why how when where is are was were be been am do does did can could will would
shall should
the a an of to and or me please tell explain
was wer wem wen wessen wie warum wieso weshalb wozu wann wo woher wohin ist sind war waren der die das dem den
des ein eine einen
einem einer und oder bitte erkläre
que quoi qui quel quelle quels quelles comment pourquoi quand où est sont était le la les un une des du de et ou
est-ce
qué quién quiénes cuál cuáles cómo cuándo dónde es son era el los las una unos y o del
que quem qual quais como quando onde é são era os as um uma e ou do da dos das
che cosa chi quale quali come perché quando dove è sono il lo gli i una
wat wie welke hoe waarom wanneer waar is zijn de het een en of
co kto jaki jaka jakie jak dlaczego kiedy gdzie jest są
ne kim hangi nasıl neden niçin nerede nedir
что кто какой какая какое какие как почему зачем когда где это
क्या कौन कैसे क्यों कब कहाँ है हैं
ما ماذا من كيف لماذا متى أين هو هي
"""
_QUESTION_WORDS = frozenset(folded(word) for word in _WORDS.split())
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}'-]+")


def without_question_words(question: str) -> str:
    """The question without them."""
    return str(_WORD.sub(lambda found: "" if found[0] in _QUESTION_WORDS else found[0], folded(question)))
