import pytest

from services.inference.service.echo import Echo


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["A wave ", "carries energy."], "A wave carries energy."),
        (["<text-f4bd78f3>\n", "A wave"], "A wave"),
        (["<te", "xt-f4bd", "78f3>", "A wave"], "A wave"),
        (["A wave. </text-f4", "bd78f3> and so on"], "A wave. "),
        (["A wave. <text-f4bd78f3>", " more"], "A wave. "),
        (["a < b and", " c <", " d"], "a < b and c < d"),
        (["a <t", "able> b"], "a <table> b"),
        (["the sign <"], "the sign <"),
    ],
)
def test_the_fence_is_not_shown(pieces: list[str], shown: str) -> None:
    echo = Echo()

    assert "".join(echo.feed(piece) for piece in pieces) + echo.end() == shown
