"""Questions for the whole of a lecture, told from those that name something of it, in many languages."""

import pytest

from services.context.retrieval.overview import asks_for_the_whole

WHOLE = """
What is this lecture about?
what's this video about
Summarise the lecture in three sentences.
summarize
Could you please give me a short summary of this video?
tl;dr
What are the main points?
What topics does this course cover?
What will I learn here?
Worum geht es in diesem Video?
Fasse die Vorlesung bitte kurz zusammen.
De quoi parle cette vidéo ?
Résume-moi ce cours.
¿De qué trata esta clase?
Haz un resumen del vídeo
Sobre o que é esta aula?
Faz um resumo deste vídeo
Di cosa parla questa lezione?
Waar gaat dit college over?
O czym jest ten film?
Bu video ne hakkında?
О чём это видео?
Краткое содержание лекции, пожалуйста
इस वीडियो का सारांश दीजिए
यह पाठ किस बारे में है?
ما موضوع هذه المحاضرة؟
这个视频讲了什么？
请概括这节课的主要内容
這部影片的主題是什麼？
この講義の要約をしてください
この動画は何についてですか？
이 영상의 주제는 무엇인가요?
강의를 요약해 주세요
สรุปวิดีโอนี้ให้หน่อย
"""
OF_SOMETHING = """
What is resonance?
Summarise what she says about resonance.
What is a lecture?
What is this?
Why?
What is the main frequency of a string?
Worum geht es bei der Resonanz?
Fasse den Dopplereffekt zusammen.
De quoi parle le théorème de Fourier ?
¿De qué trata la segunda ley de Newton?
О чём говорит закон Ома?
अनुनाद क्या है?
什么是共振？
请总结一下共振的条件
共鳴を要約してください
공명을 요약해 주세요
สรุปเรื่องเสียงสะท้อน
"""


@pytest.mark.parametrize("question", WHOLE.strip().splitlines())
def test_it_asks_for_the_whole(question: str) -> None:
    assert asks_for_the_whole(question)


@pytest.mark.parametrize("question", [*OF_SOMETHING.strip().splitlines(), "", " ", "?", "about " * 40])
def test_it_asks_for_something(question: str) -> None:
    assert not asks_for_the_whole(question)
