"""Words that decide what a sentence says although they are among the most common: what denies, and what compares."""

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from kit.words.terms import folded, terms

# The codes by which libraries know languages, by the names that texts are told apart by.
ISO = {
    "arabic": "ar",
    "bengali": "bn",
    "chinese": "zh",
    "czech": "cs",
    "danish": "da",
    "dutch": "nl",
    "english": "en",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "hebrew": "he",
    "hindi": "hi",
    "hungarian": "hu",
    "indonesian": "id",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "norwegian": "no",
    "polish": "pl",
    "portuguese": "pt",
    "romanian": "ro",
    "russian": "ru",
    "spanish": "es",
    "swedish": "sv",
    "thai": "th",
    "turkish": "tr",
}
# Languages whose numbers in words can be read.
NUMBERS_SAID = frozenset({"en", "de", "es", "fr", "pt", "it", "nl", "da"})

_DENY = {
    "english": "not no never none nor neither nothing nobody nowhere without cannot hardly barely scarcely",
    "german": "nicht kein keine keinen keinem keiner keines nie niemals nichts niemand nirgends ohne weder kaum",
    "spanish": "no ni nunca jamás nada nadie ningún ninguna ninguno sin tampoco apenas",
    "french": "ne n pas jamais rien personne aucun aucune sans ni nul guère",
    "italian": "non né mai nulla niente nessuno nessun nessuna senza neppure",
    "portuguese": "não nem nunca jamais nada ninguém nenhum nenhuma sem",
    "dutch": "niet geen nooit niets niemand zonder noch nauwelijks",
    "danish": "ikke ingen aldrig intet uden hverken",
    "norwegian": "ikke ingen aldri intet uten verken",
    "swedish": "inte ej ingen inga inget aldrig utan varken",
    "russian": "не нет ни никогда ничего никто нигде без нельзя",
    "polish": "nie nigdy nic nikt bez ani żaden żadna",
    "czech": "ne není nikdy nic nikdo bez ani žádný",
    "hindi": "नहीं न ना मत बिना कभी",
    "arabic": "لا ليس ليست لم لن ما بدون غير",
    "greek": "δεν μην όχι ποτέ τίποτα κανείς χωρίς ούτε",
    "turkish": "değil yok hiç asla olmadan",
    "indonesian": "tidak bukan belum tanpa jangan tak",
    "hungarian": "nem soha semmi senki nélkül sem",
    "finnish": "ei en et emme ette eivät ilman koskaan",
    "romanian": "nu niciodată nimic nimeni fără nici",
    "hebrew": "לא אין בלי אף מעולם",
}
# Where words have no spaces between them, and where what denies is a part of the verb.
_DENY_INSIDE = {
    "chinese": "不|没|沒|无|無|未|非|别|莫",
    "japanese": "ない|なかっ|ません|なく|ず|ぬ",
    "korean": "않|없|아니|못|안 ",
    "thai": "ไม่|มิ|ไร้",
    "turkish": "(?:maz|mez|mıyor|miyor|muyor|müyor|madı|medi)",
}
# Words of opposite meaning, side by side: where a source has the one and a sentence the other, it says something else.
_OPPOSITES = {
    "english": (
        (
            "more most bigger larger higher greater increase increases rise rises rose grow grows gain gained up",
            "less least fewer smaller lower decrease decreases fall falls fell shrink shrinks lose lost loses down",
        ),
        ("all every each always everywhere", "some sometimes few rarely seldom"),
        ("before earlier early", "after later late afterwards"),
        ("first", "last second third"),
        ("above over upper", "below under lower"),
        ("left", "right"),
        ("in into inside enter enters", "out outside leave leaves"),
        ("fast faster quickly quick", "slow slower slowly"),
        ("long longer tall lot much many", "short shorter little low"),
        ("wide broad", "narrow"),
        ("same equal equals", "different unequal"),
        ("strong stronger strongly", "weak weaker weakly"),
        ("hot warm heats", "cold cool cools"),
        ("positive", "negative"),
        ("summer spring", "winter autumn"),
        ("east eastern", "west western"),
        ("north northern", "south southern"),
        ("begin begins began start starts", "end ends ended stop stops"),
        ("day days", "week weeks month months year years hour hours minute minutes second seconds century decade"),
    ),
    "german": (
        (
            "mehr meisten größer höher steigt stieg wächst zunimmt gewinnt gewonnen",
            "weniger wenigsten kleiner niedriger sinkt sank fällt schrumpft abnimmt verliert verloren",
        ),
        ("alle jede jeder jedes jeden immer überall", "einige manche manchmal selten"),
        ("vor vorher früher früh bevor", "nach nachher später spät nachdem"),
        ("erste ersten erster", "letzte letzten zweite zweiten dritte dritten"),
        ("oben über", "unten unter"),
        ("links", "rechts"),
        ("hinein herein innen ins nach", "hinaus heraus außen aus"),
        ("schnell schneller", "langsam langsamer"),
        ("lang länger viel viele", "kurz kürzer wenig"),
        ("breit", "schmal"),
        ("gleich gleiche", "verschieden anders"),
        ("stark stärker", "schwach schwächer"),
        ("warm heiß", "kalt"),
        ("positiv plus", "negativ minus"),
        ("sommer frühling", "winter herbst"),
        ("osten östlich", "westen westlich"),
        ("norden nördlich", "süden südlich"),
        ("beginnt begann anfang", "endet endete ende"),
        ("begrenzt begrenzte begrenzter", "unbegrenzt unbegrenzte unbegrenzter"),
        ("tag tage tagen", "woche wochen monat monate monaten jahr jahre jahren stunde stunden minute minuten"),
    ),
    "spanish": (
        (
            "más mayor sube subir aumenta aumentar crece crecer gana ganó",
            "menos menor baja bajar disminuye disminuir cae caer pierde perdió",
        ),
        ("todos todas todo toda cada siempre", "algunos algunas algún veces pocas"),
        ("antes temprano", "después tarde luego"),
        ("primero primera primer", "último última segundo segunda tercero"),
        ("arriba encima", "abajo debajo"),
        ("izquierda", "derecha"),
        ("dentro entra", "fuera sale"),
        ("rápido rápidamente", "lento lentamente despacio"),
        ("largo mucho muchos alto", "corto poco pocos"),
        ("ancho", "estrecho"),
        ("mismo igual", "distinto diferente"),
        ("fuerte", "débil"),
        ("caliente calor", "frío"),
        ("positivo", "negativo"),
        ("verano primavera", "invierno otoño"),
        ("este oriente oriental", "oeste occidente occidental"),
        ("norte", "sur"),
        ("empieza comienza", "termina acaba"),
        ("cercano cerca", "lejano lejos opuesto"),
        ("día días", "semana semanas mes meses año años hora horas minuto minutos siglo"),
    ),
    "french": (
        ("plus augmente monte croît gagne", "moins diminue baisse décroît perd"),
        ("tous toutes chaque toujours", "certains certaines parfois rarement"),
        ("avant", "après ensuite"),
        ("premier première", "dernier dernière second seconde"),
        ("dessus haut", "dessous bas"),
        ("gauche", "droite"),
        ("entre dedans", "sort dehors"),
        ("rapide vite", "lent lentement"),
        ("grand long beaucoup", "petit court peu"),
        ("même égal", "différent"),
        ("fort", "faible"),
        ("chaud", "froid"),
        ("positif", "négatif"),
        ("jour jours", "semaine semaines mois an ans année années heure heures minute minutes siècle"),
    ),
    "hindi": (
        ("अधिक ज़्यादा ज्यादा बढ़ता बढ़ती बढ़ते बढ़ा बड़ा बड़ी", "कम घटता घटती घटते घटा छोटा छोटी"),
        ("सब सभी हर हमेशा", "कुछ कभी"),
        ("पहले", "बाद"),
        ("पहला पहली", "आखिरी दूसरा दूसरी तीसरा"),
        ("ऊपर", "नीचे"),
        ("बाएँ", "दाएँ"),
        ("अंदर भीतर", "बाहर"),
        ("तेज़ तेज जल्दी", "धीमा धीमी धीरे"),
        ("दिन", "हफ़्ते सप्ताह महीने महीना साल वर्ष घंटे मिनट"),
    ),
    "chinese": (
        ("增加 上升 变大 更多 增大 提高 升高 越大", "减少 下降 变小 更少 减小 降低 越小"),
        ("所有 每个 总是 都是", "有些 有时 少数"),
        ("之前 以前", "之后 以后"),
        ("第一", "最后 第二 第三"),
        ("上面 以上", "下面 以下"),
        ("左边 左侧", "右边 右侧"),
        ("里面 内部", "外面 外部"),
        ("更快 较快", "更慢 较慢"),
        ("大于", "小于"),
        ("相同 相等", "不同 不等"),
    ),
}
# Letters that hold sentences together where words are not told apart.
_GLUE = regex.compile("[的了着是在和就都也而很把被这那个们我你他她它与及其之吗呢吧啊就会能要]|^\\p{Hiragana}+$")

DENYING = {language: frozenset(words.split()) for language, words in _DENY.items()}
DENYING_INSIDE = {language: regex.compile(pattern) for language, pattern in _DENY_INSIDE.items()}


@dataclass(frozen=True, slots=True)
class Side:
    """One of two opposites: which pair, and which of the two."""

    pair: int
    first: bool

    @property
    def other(self) -> "Side":
        return Side(self.pair, not self.first)


def _sides(pairs: Sequence[tuple[str, str]], language: str) -> dict[str, Side]:
    return {
        term: Side(number, first)
        for number, pair in enumerate(pairs)
        for first, side in ((True, pair[0]), (False, pair[1]))
        for word in side.split()
        for term in terms(word, language)
    }


SIDES = {language: _sides(pairs, language) for language, pairs in _OPPOSITES.items()}
OPPOSED_WORDS = {
    language: frozenset(folded(word) for pair in pairs for side in pair for word in side.split())
    for language, pairs in _OPPOSITES.items()
}


def is_glue(term: str) -> bool:
    """Whether a pair of letters says nothing by itself."""
    return bool(_GLUE.search(term))
