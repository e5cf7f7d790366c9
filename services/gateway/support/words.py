"""What words tell of a sentence: how much of it a stretch of a source says, and what stands against it."""

from collections.abc import Sequence

import regex

from services.gateway.support.clauses import Clause

# A sentence is a copy where it has all its terms from the source, in nearly the same order, close together.
COPIED_ORDER, COPIED_GAP = 0.85, 0.5
FEWEST_TERMS = 2

_NUMBER = regex.compile(r"\d")


def shared_part(claim: Clause, said: Clause) -> float:
    """The share of the sentence's terms that a stretch of a source has; 0 where it is a single one of several."""
    shared = len(claim.content & said.content)
    return shared / len(claim.content) if shared >= min(FEWEST_TERMS, max(1, len(claim.content))) else 0.0


def is_copy(claim: Clause, said: Clause) -> bool:
    """Whether the sentence stands in the source nearly word for word, and nothing else is against it."""
    return claim.content <= said.content and _is_in_order(claim, said) and not conflicts(claim, said)


def conflicts(claim: Clause, said: Clause) -> bool:
    """Whether a number, a name, one of two opposites or a denial differs."""
    return (
        not claim.firm <= said.content
        or _takes_the_other_side(claim, said)
        or _denied_otherwise(claim, said)
        or not _numbers_stand_alike(claim, said)
    )


def _takes_the_other_side(claim: Clause, said: Clause) -> bool:
    """Whether the source has the opposite of a word, and the sentence does not have both."""
    return any(side.other in said.sides and side.other not in claim.sides for side in claim.sides)


def _denied_otherwise(claim: Clause, said: Clause) -> bool:
    """Whether one denies what the other does not."""
    here, there = (frozenset().union(*clause.denials) for clause in (claim, said))
    if not claim.denials:
        return bool(there & claim.content)
    return not said.denials or not here & there


def _numbers_stand_alike(claim: Clause, said: Clause) -> bool:
    """Whether numbers belong to the same words in both, where the source has several."""
    if sum(bool(_NUMBER.search(term)) for term in said.content) < 2:
        return True
    known = [pair for pair in _after_numbers(claim) if pair[1] in said.content]
    return set(known) <= set(_after_numbers(said))


def _after_numbers(clause: Clause) -> Sequence[tuple[str, str]]:
    following = zip(clause.terms, clause.terms[1:], strict=False)
    return [(term, after) for term, after in following if _NUMBER.search(term) and not _NUMBER.search(after)]


def _is_in_order(claim: Clause, said: Clause) -> bool:
    if len(_places_in_order(claim.words, said.words)) < len(claim.words):
        return False
    places = _places_in_order(claim.terms, said.terms)
    if len(places) < COPIED_ORDER * len(claim.terms):
        return False
    return places[-1] - places[0] + 1 - len(places) <= COPIED_GAP * len(places)


def _places_in_order(terms: Sequence[str], said: Sequence[str]) -> Sequence[int]:
    """Where the longest row of terms stands that both have in the same order (the longest common subsequence)."""
    row: list[tuple[int, ...]] = [()] * (len(said) + 1)
    for term in terms:
        before, row = row, [()]
        for at, other in enumerate(said):
            if term == other:
                row.append((*before[at], at))
            else:
                row.append(max(before[at + 1], row[at], key=len))
    return row[-1]
