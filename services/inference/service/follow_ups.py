"""Questions that have no matter of their own, such as `just tell me the answer`, in the languages of students."""

import regex

from kit.words.scripts import DENSE
from kit.words.terms import HANGUL, folded, terms

LONGEST_WORDS, LONGEST_DENSE = 8, 16
FEWEST_LETTERS = 4

# Asks for more, or gives up; `~` stands for any ending.
_ASKS = (
    "more|again|hint|help|stuck|answer|solution|tell me|give up|don't (?:know|get|understand)"
    "|don t (?:know|get|understand)|no idea|why|how",
    "noch (?:ein|eine|einen|mehr)|nochmal|mehr|tipps?|hinweis~|hilfe|hilf|antwort|lösung|sag (?:es )?mir|verrat~"
    "|(?:weiss|verstehe?|kapiere?)(?: es| das| einfach| immer| noch){0,3} nicht|keine ahnung"
    "|komme nicht weiter|gebe auf|warum|wieso|wie",
    "otra|más|pistas?|ayuda|ayúdame|respuesta|solución|dímelo|dime|no (?:lo )?(?:sé|entiendo)|ni idea"
    "|me rindo|por qué|cómo",
    "encore|plus|indices?|aide|aidez~|réponse|solution|dis moi|dites moi|(?:ne )?(?:le )?(?:sais|comprends) pas"
    "|aucune idée|abandonne|pourquoi|comment",
    "ancora|altro|indizio|aiuto|aiutami|risposta|soluzione|dimmi|non (?:lo )?(?:so|capisco)|mi arrendo|perché|come",
    "mais|outra|dica|ajuda|resposta|solução|diga me|não (?:sei|entendo|entendi)|desisto|por que|como",
    "meer|hint|hulp|help|antwoord|oplossing|weet (?:het )?niet|snap (?:het )?niet|geen idee|waarom|hoe",
    "ещё|еще|подсказк~|помощь|помоги~|ответ|решение|не (?:знаю|понимаю)|сдаюсь|почему|как",
    "और|मदद|संकेत|इशारा|उत्तर|जवाब|हल|पता नहीं|नहीं पता|नहीं मालूम|समझ नहीं|नहीं समझ~|बताओ|बताइए|बता|क्यों|कैसे|हार",
    "المزيد|تلميح~|مساعدة|ساعدني|الجواب|الإجابة|لا (?:أعرف|أفهم)|لماذا|كيف",
    "daha|ipucu|yard.m|cevap|çözüm|bilmiyorum|anlamad.m|pes|neden|nas.l",
)
_ASKS_INSIDE = (
    "提示|帮助|帮帮|帮我|答案|不知道|不会|不懂|不明白|没懂|告诉|放弃|为什么|怎么|ヒント|助けて|答え|わかりません|分かりません"
    "|わからない|分からない|教えて|もう一つ|もっと|なぜ|どうして|降参|힌트|도와|정답|답을?|모르겠|알려|왜|어떻게|포기|더|คำใบ้|ช่วย|คำตอบ|ไม่รู้|ไม่เข้าใจ|ทำไม"
)
# What else such a question is made of; words of fewer letters do not count anyway.
_FILLERS = (
    "another give just need please really show still that this want with bitte einen einfach brauche immer"
    " auch doch noch gerade dame darme necesito favor puedes solo quiero donne donnez besoin juste autre"
    " peux plaît vorrei puoi favore preciso quero pode gostaria alsjeblieft nodig дайте пожалуйста нужна"
    " मुझे दीजिए कृपया चाहिए रहा रही आया कुछ lütfen istiyorum أريد فضلك"
)
_FILLERS_DENSE = regex.compile(
    "[我你请再给一个下点的了吧呢吗想要还能可以就直接をがはもうひとつくださいお願いしますに요어주세해좀저는은를을ขอหน่อยอีก]"
)

_BORDER = (r"(?<![\p{L}\p{M}\p{N}])", r"(?![\p{L}\p{M}\p{N}])")
_ANY_ENDING = r"[\p{L}\p{M}]*"
_SPACED = f"{_BORDER[0]}(?:{'|'.join(_ASKS)}){_BORDER[1]}".replace("~", _ANY_ENDING)
_FOR_MORE = regex.compile(f"{_SPACED}|{_ASKS_INSIDE}")
_PAIRED = regex.compile(f"[{DENSE}{HANGUL}]")


def only_asks_for_more(question: str) -> bool:
    """Whether a question belongs to whatever was asked before it."""
    text = folded(question)
    if len(text.split()) > LONGEST_WORDS or len(_PAIRED.findall(text)) > LONGEST_DENSE:
        return False
    rest, found = _FOR_MORE.subn(" ", text)
    return bool(found) and not content(_FILLERS_DENSE.sub(" ", rest)) - _FILLER_TERMS


def content(text: str) -> frozenset[str]:
    """What a text is about: its longer words, and pairs of letters where words are not told apart by their length."""
    said = terms(folded(text).replace("'", " "), "")
    return frozenset(term for term in said if len(term) >= FEWEST_LETTERS or _PAIRED.match(term))


_FILLER_TERMS = content(_FILLERS)
