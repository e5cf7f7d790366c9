import pytest

from kit import names
from kit.errors import InvalidArgument, Reason
from kit.pagination import PageTokens, page_size

TOKENS = PageTokens("secret")


def test_a_page_token_brings_its_cursor_back() -> None:
    assert TOKENS.decode(TOKENS.encode("threads:u", [12.5, "id"]), "threads:u") == [12.5, "id"]
    assert TOKENS.decode("", "threads:u") is None


@pytest.mark.parametrize(
    ("token", "scope"),
    [
        (TOKENS.encode("threads:u", [1]), "threads:other"),
        (PageTokens("another").encode("threads:u", [1]), "threads:u"),
        ("not base64 !", "threads:u"),
        ("AAAA", "threads:u"),
        ("\u00fc" * 8, "threads:u"),
    ],
)
def test_tokens_of_other_lists_and_made_up_ones_are_refused(token: str, scope: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        TOKENS.decode(token, scope)
    assert refused.value.reason == Reason.PAGE_TOKEN_INVALID


def test_page_sizes_are_bounded() -> None:
    assert [page_size(0), page_size(7), page_size(10_000)] == [50, 7, 200]
    with pytest.raises(InvalidArgument):
        page_size(-1)


def test_names_give_their_variables() -> None:
    assert names.parse("threads/{thread}/turns/{turn}", "threads/a1/turns/b-2") == {"thread": "a1", "turn": "b-2"}


@pytest.mark.parametrize("name", ["", "threads/", "threads/a/b", "threads/../x", "threads/" + "a" * 200, "threads/a\n"])
def test_other_names_are_refused_by_field(name: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        names.parse("threads/{thread}", name, "parent")
    assert refused.value.field == "parent"
