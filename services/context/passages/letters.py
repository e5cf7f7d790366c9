"""Which letters follow one another in languages: of a cipher, few of these pairs are seen."""

import unicodedata
from functools import lru_cache

# By first letters, those that often follow: in 36 languages of Latin letters, in 7 of Cyrillic ones, in Greek. Each
# language counts alike. Of the pairs in words of any of them 77 % or more are here; of letters that stand for others,
# 38 % in the mean.
_LATIN = (
    "a:abcdfghijklmnoprstuvyz b:aeiloru c:aehiortu d:adeioru e:abcdefghijklmnprstuvxz f:aefio g:aeinoru "
    "h:aeiotu i:abcdefgjklmnoprstuvz j:aeu k:aeiklorstu l:adeilmostu m:abeimopu n:acdefghijknostuy "
    "o:bcdefgijklmnoprstuvz p:aeilopru q:u r:adegiklmnorstu s:acehiklopstuy t:aehiorstuy "
    "u:abcdeiklmnoprstz v:aeio w:aei y:amnst z:aeino"
)
_CYRILLIC = (
    "а:бвгдезиклмнпрстуцчяјњ б:аеилору в:аеиноруыі г:аеоруі д:аеилноруыі е:вгджзиклмнпрстцш ж:аеи "
    "з:авдеимно и:вдезиклмнпрстхцчшяј к:аеилорстуі л:адеикноуыьюяі м:аеикоыіү н:адеинотуыьяі "
    "о:бвгджзиклмнпрстцчј п:аеиоруці р:аежимностуыі с:аеиклноптуыьяі т:авеикнорсуыьі у:вдклмнпрстч ф:ао "
    "х:о ц:аеиьі ч:аеины ш:аеиктыі ы:лмнся ь:н ю:ч я:т і:вдзклнрс ј:ае њ:ае ғ:а қ:а"
)
_GREEK = (
    "α:γδθικλμνπρςστυφ β:α γ:αεηικορ δ:εηιου ε:γδικλνξπρςστυχ η:κμνρςστ θ:αεηο ι:αδεηκλμνορςστω κ:αεηλορτ "
    "λ:αεηιλο μ:αεηιμοπ ν:αεηιοτω ο:γδιλμνπρςστυ π:αειλορ ρ:αγεηιοχω σ:αεηιμτυ τ:αεηιορυω υ:μνπρστ φ:αηο "
    "χ:εορ ω:νρσ"
)


def _pairs(listed: str) -> frozenset[str]:
    return frozenset(each[0] + after for each in listed.split() for after in each[2:])


USUAL_PAIRS = {"LATIN": _pairs(_LATIN), "CYRILLIC": _pairs(_CYRILLIC), "GREEK": _pairs(_GREEK)}
# In Chinese about three of ten signs are among these, in Japanese and Korean more; of signs at random, one of hundreds.
USUAL_SIGNS = frozenset(
    "的一是不了在有人我他这個个们們中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子那得于於着下自之年过過发發"
    "后後作里用道行所然家种種事成方多经經么麼去法学學如都同现現当當没沒动動面起看定天分还還进進好小部其些主样樣理心她本前开"
    "のにはをたがでてとしれさいるなかもこうっくすりらんあ이다는에의을를하고가지은로기리사도"
)
# What is written side by side in one text.
_TOGETHER = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "HANGUL": "CJK", "BOPOMOFO": "CJK", "HALFWIDTH": "CJK"}


@lru_cache(maxsize=20_000)
def script_of(letter: str) -> str:
    """`LATIN`, `CYRILLIC`, `CJK`, ...: the first word of its name; empty for what has none."""
    first = unicodedata.name(letter, "").partition(" ")[0]
    return _TOGETHER.get(first, first)


def plain(text: str) -> str:
    """The text in small letters without their marks."""
    if text.isascii():
        return text.lower()
    split = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in split if not unicodedata.combining(letter))
