"""Whether a question asks what a lecture is about as a whole, told by its words: they name nothing of their own."""

import re

from kit.words.terms import folded, words

# By one of these a question asks for the whole; in words as `kit.words` folds them.
_CUES = """
about summary summaries summarise summarize summarised summarized overview recap gist outline tldr tl dr topic
topics cover covers
covered main key points takeaways learn learned agenda contents synopsis
worum geht zusammenfassung zusammenfassen fasse fass überblick thema themen hauptpunkte handelt behandelt inhalt
lerne
resume résume résumé resumer résumer parle sujet sujets aperçu synthèse essentiel
trata resumen resúmeme resumir tema temas habla apunta
sobre resumo resuma assunto assuntos fala
riassunto riassumi riassumere parla argomento argomenti tratta
samenvatting samenvatten vat samen gaat over onderwerp onderwerpen overzicht
podsumowanie podsumuj streszczenie streść czym temat tematy
özet özetle özetler konu konusu konuları hakkında
чём чем кратко краткое резюме обзор тема темы содержание суть перескажи
सारांश संक्षेप विषय बारे
ملخص لخص موضوع مواضيع يتحدث نلخص
요약 요약해 요약해줘 주제 주제는 주제가 내용 내용은 내용을 무엇에 대한 관한
"""
# Beside them a question for the whole has these alone: what is on screen, and words that name nothing.
_OTHERS = """
a an the this that these those it its is are was were be do does did what what's whats which who of in on for
from to and or me us my our
you your i we can could would will should please give tell show write make have has quick quickly short brief
briefly whole entire
lecture lectures video videos lesson lessons course class talk session recording film clip document pdf script
text chapter presentation
here today now going covering most important idea ideas first last s tl dr so far say says said discuss
discussed sentence sentences few in
two three four five
was wovon wie um in es das die der den dem des dieser diese dieses diesem ein eine einen ist sind dem mir uns
bitte kurz gib zusammen von
vorlesung vorlesungen kurs stunde lektion vortrag film hier heute zu wird werden kann ich man du geben kannst
können sie
de quoi que qu est ce cette cet ces la le les l du des un une dans en moi nous fais donne s il te vous plaît
plait peux tu pouvez
vidéo video cours leçon lecon conférence séance qui traite
qué que es este esta esto el los las lo del un una en por favor me nos dame haz hazme puedes clase lección
leccion curso vídeo
conferencia charla se cuál cual y
o os as do da dos das no na este esta isso isto um uma é por qual quais faça faca faz fazer dê de pode deste
desta neste nesta aula palestra lição
di cosa che il lo la i gli le del della questo questa quest in un una è per favore mi fammi dammi puoi lezione
corso
waar wat dit deze het een van is de les college cursus geef mij maak kun je
o co to jest ten ta w wykład wykładu film filmu lekcja lekcji kurs mi proszę dotyczy mówi
bu ne nedir neyle ilgili ders dersin dersi video videonun videoyu videosu bana bir lütfen ver verir misin
anlatıyor
о что это этот эта эти лекция лекции лекцию видео урок урока курс мне пожалуйста дай в по главное основные
говорится рассказывается
यह इस ये क्या किस के में है हैं का की को वीडियो व्याख्यान लेक्चर पाठ कोर्स मुझे दो दें दीजिए कृपया बताओ बताइए
करें करो
ما ماذا هذا هذه عن في من هو هي المحاضرة الفيديو الدرس لي أعطني فضلك عم
이 그 강의 강의의 강의는 강의를 강의가 영상 영상은 영상의 영상을 영상이 비디오를 비디오는 수업은 수업을 것인가요
것입니까 비디오 동영상 수업 은 는 이란 뭐 뭐야 무엇 무엇인가요 인가요 야 해줘 해 주세요 것 거야 에
"""
# Scripts without spaces: what remains of a question without these is nothing.
_CHINESE = (
    "总结 總結 概括 概述 摘要 要点 要點 大纲 大綱 讲了什么 "
    "講了什麼 讲什么 講什麼 讲的是什么 關於什麼 关于什么 主题 主題 内容 內容"
)
_JAPANESE = "要約 まとめ 概要 要点 何について テーマ 内容"
_THAI = "สรุป เกี่ยวกับอะไร เรื่องอะไร หัวข้อ ใจความ"
_DENSE_OTHERS = """
这个视频 這個視頻 这个影片 這個影片 这节课 這節課 这堂课 這堂課 这门课 讲座 講座 课程 課程 视频 視頻 影片 课 課
这部 這部 部 是什么 是什麼 这 這 个 個 的 是 一下 请 請 帮我 幫我 我 给 給 本 主要 什么 什麼
この その 動画 ビデオ 講義 授業 レクチャー は の を が に か です ですか して ください 下さい 教えて て 何
どんな 話 主な
วิดีโอ คลิป บทเรียน การบรรยาย วิชา นี้ ให้ หน่อย ของ คือ ช่วย ครับ ค่ะ คะ ที่
"""
MOST_WORDS = 14

_CUE_WORDS = frozenset(word for cue in _CUES.split() for word in words(cue))
_OTHER_WORDS = frozenset(word for other in _OTHERS.split() for word in words(other))
_DENSE_CUES = [folded(each) for each in (_CHINESE + " " + _JAPANESE + " " + _THAI).split()]


def _any_of(phrases: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(phrases, key=len, reverse=True))))


_DENSE_CUE = _any_of(_DENSE_CUES)
_DENSE_PHRASE = _any_of([*_DENSE_CUES, *(folded(each) for each in _DENSE_OTHERS.split())])


def asks_for_the_whole(question: str) -> bool:
    """Whether all words of a question ask for the whole, as `Summarise this lecture`; one that names more does not."""
    text = folded(question)
    cue = bool(_DENSE_CUE.search(text))
    asked = words(_DENSE_PHRASE.sub(" ", text) if cue else text)
    if len(asked) > MOST_WORDS or not (asked or cue):
        return False
    return (cue or not _CUE_WORDS.isdisjoint(asked)) and all(
        word in _CUE_WORDS or word in _OTHER_WORDS for word in asked
    )
