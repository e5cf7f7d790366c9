"""Threads and turns as documents, and back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kit.auth.caller import Caller
from services.threads.model import (
    Answer,
    Citation,
    Lease,
    Question,
    SentenceSupport,
    State,
    Support,
    Thread,
    ThreadKey,
    Turn,
    turn_terms,
)

Document = dict[str, Any]
# Of a row: what it is found by, and nothing that is read.
TERMS = "terms"


def now() -> datetime:
    """The time as MongoDB keeps it, to the millisecond, so that a repeated call is told the same."""
    exact = datetime.now(UTC)
    return exact.replace(microsecond=exact.microsecond // 1000 * 1000)


def own(caller: Caller, **conditions: Any) -> Document:
    """A filter that finds only what is the caller's."""
    return {**conditions, "tenant": caller.tenant, "user": caller.user}


def readable(caller: Caller, **conditions: Any) -> Document:
    """A filter that also finds what others of the tenant own, for those who teach in it."""
    return {**conditions, "tenant": caller.tenant} if caller.is_teacher else own(caller, **conditions)


def may_read(caller: Caller, key: ThreadKey) -> bool:
    """As `readable`, of what was read."""
    return key.tenant == caller.tenant and (caller.is_teacher or key.user == caller.user)


def labels(metadata: Mapping[str, str]) -> list[Document]:
    """Metadata as pairs, which one index serves whatever the keys are."""
    return [{"k": key, "v": value} for key, value in sorted(metadata.items())]


def to_thread(document: Document, running: int) -> Thread:
    """`running` is how many of its turns have no answer yet."""
    return Thread(
        id=document["_id"],
        key=ThreadKey(document["tenant"], document["user"], document["course"]),
        title=document["title"],
        video_url=document["video_url"],
        message_count=2 * document["turn_count"] - running,
        created=document["created"],
        updated=document["updated"],
        metadata={pair["k"]: pair["v"] for pair in document["metadata"]},
    )


def to_ended(document: Document) -> Turn:
    """The turn that a row of `turns` holds, whole or in the parts that were read."""
    return Turn(
        id=document["_id"],
        thread=document["thread"],
        course=document["course"],
        sequence=document["sequence"],
        question=_question(document),
        state=State(document["state"]),
        created=document["created"],
        answer=_answer(document),
        ended=document["ended"],
    )


def to_waiting(thread: Document, entry: Document, alive: bool, state: State) -> Turn:
    """The turn that an entry of a thread's queue holds."""
    return Turn(
        id=entry["turn"],
        thread=thread["_id"],
        course=thread["course"],
        sequence=entry["sequence"],
        question=_question(entry),
        state=state,
        created=entry["created"],
        lease=Lease(entry["owner"], entry["token"]),
        owner_alive=alive,
    )


def from_ended(caller: Caller, turn: Turn, token: int, ended: datetime) -> Document:
    """The row of a turn, all but its id."""
    answer = turn.answer
    return {
        **own(caller, thread=turn.thread, course=turn.course, sequence=turn.sequence),
        "request_id": turn.question.request_id,
        "question": turn.question.text,
        "video_url": turn.question.video_url,
        "position": turn.question.position,
        **({"continues": turn.question.continues} if turn.question.continues else {}),
        "state": turn.state.value,
        "created": turn.created,
        "ended": ended,
        "fencing_token": token,
        "answer": answer.text,
        "citations": [_from_citation(citation) for citation in answer.citations],
        **({"sentences": [_from_sentence(each) for each in answer.sentences]} if answer.sentences else {}),
        **{name: getattr(answer, name) for name in ANSWER_FIELDS},
        TERMS: turn_terms(turn.question.text, answer.text),
    }


def terms_of_row(document: Document) -> list[str]:
    """What a row is found by, as `from_ended` writes it."""
    return turn_terms(document["question"], document["answer"])


def _question(document: Document) -> Question:
    return Question(
        request_id=document["request_id"],
        text=document["question"],
        video_url=document["video_url"],
        position=document.get("position"),
        continues=document.get("continues", ""),
        options=document.get("options", ""),
    )


def _answer(document: Document) -> Answer:
    return Answer(
        text=document["answer"],
        citations=tuple(to_citation(citation) for citation in document.get("citations", ())),
        sentences=tuple(_sentence(sentence) for sentence in document.get("sentences", ())),
        **{name: document[name] for name in ANSWER_FIELDS if name in document},  # older rows know fewer
    )


def _from_citation(citation: Citation) -> Document:
    return {name: getattr(citation, name) for name in CITATION_FIELDS}


def to_citation(document: Document) -> Citation:
    return Citation(**{**document, "support": Support(document.get("support", Support.UNKNOWN))})


def _from_sentence(sentence: SentenceSupport) -> Document:
    citation = sentence.citation and _from_citation(sentence.citation)
    return {"sentence": sentence.sentence, "start": sentence.start, "support": sentence.support, "citation": citation}


def _sentence(document: Document) -> SentenceSupport:
    citation = document["citation"] and to_citation(document["citation"])
    return SentenceSupport(document["sentence"], document["start"], Support(document["support"]), citation)


ANSWER_FIELDS = tuple(name for name in Answer.__dataclass_fields__ if name not in ("text", "citations", "sentences"))
CITATION_FIELDS = tuple(Citation.__dataclass_fields__)
