"""Which sentences claim something that a source could bear."""

import regex

from services.gateway.support.clauses import clauses

FEWEST_TERMS = 2
_QUESTION = regex.compile(r"[?？؟]\s*[\"'”’»)\]」]*$")
# What is said to the student and not about the matter, or that the course says nothing.
_TALK = regex.compile(
    r"""^(?:
      (?:great|good|excellent|interesting|nice)\s+(?:question|point) | (?:sure|certainly|of\s+course|hello|hi|welcome)\b
    | thanks?\b | let\s+me\b | let's\b | i\s+(?:hope|can|could|will|would|am|'m|'ll|'d)\b | i'(?:m|ll|d)\b
    | you\s+(?:can|could|may)\s+(?:ask|watch|look) | feel\s+free | here\s+(?:is|are)\b.*:$ | please\b
    | (?:would|do)\s+you\b | try\s+to\b | think\s+about\b | have\s+a\s+look
    | (?:gute|schöne|interessante)\s+frage | (?:hallo|gern|gerne|natürlich|willkommen)\b
    | ich\s+(?:hoffe|kann|helfe)\b | lass(?:en)?\s+(?:uns|sie)\b | (?:schau|frag|versuch|überleg|meld)(?:e|en)?\b
    | (?:buena|excelente|gran)\s+pregunta | (?:hola|claro|por\s+supuesto)\b | bienvenid | espero\s+que | puedo\b
    | puedes\b | si\s+(?:quieres|necesitas) | dime\b
    | (?:bonne|excellente)\s+question | bonjour\b | bien\s+sûr | j'espère | je\s+peux | n'hésite
    | (?:sag|gib)\s+(?:mir\s+)?bescheid | avísame | avíseme | déjame\s+saber | espero\s+haber
    | 好问题 | .{0,4}问题问得 | 你好 | 当然 | 希望 | 请 | 如果你 | 让我们 | 很高兴 | 欢迎 | 没问题
    | (?:बहुत\s+)?(?:अच्छा|बढ़िया)\s+(?:सवाल|प्रश्न) | उम्मीद\s+है | नमस्ते | ज़रूर | जरूर | बिल्कुल | आशा\s+है
    | क्या\s+(?:आप|मैं|तुम) | कृपया | आइए | स्वागत
    )
    | \b(?:if|when)\s+you\s+(?:want|like|need|have)\b.*(?:ask|tell|know) | \blet\s+me\s+know\b
    | (?:course|lecture|passages?|video|sources?|transcripts?)\s+(?:do(?:es)?\s+not|don't|doesn't|did\s+not|didn't)\s+
      (?:say|mention|cover|explain|tell|discuss|address|contain)
    | (?:kurs|vorlesung|quellen?|abschnitte?)\s+(?:sagt|sagen|erwähnt|erwähnen|enthält|behandelt|erklärt)\s+
      (?:dazu\s+|darüber\s+|das\s+)?(?:nichts|nicht|kein)
    | (?:curso|clase|lección|fuentes?|vídeo|video)\s+no\s+(?:lo\s+)?
      (?:dice|dicen|menciona|mencionan|explica|habla|trata)
    | (?:cours|leçon|sources?)\s+ne\s+(?:le\s+)?(?:dit|disent|mentionne|parle|précise)
    | (?:课程|讲座|课|视频|资料).{0,6}(?:没有|未).{0,4}(?:说|提|讲|涉及|提到)
    | (?:पाठ्यक्रम|व्याख्यान|कोर्स|लेक्चर|वीडियो|स्रोत).{0,30}(?:नहीं\s+(?:बताता|बताती|बताया|कहता|कहा|है)|उल्लेख\s+नहीं)
    """,
    regex.VERBOSE | regex.IGNORECASE,
)


def is_claim(said: str, language: str) -> bool:
    """Whether the sentence says something about the matter; questions, talk and headings don't."""
    if said.endswith(":") or _QUESTION.search(said) or _TALK.search(said):
        return False
    return sum(len(clause.terms) for clause in clauses(said, language)) >= FEWEST_TERMS
