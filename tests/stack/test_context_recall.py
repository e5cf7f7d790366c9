import pytest

from bench.embeddings import embed, embeddings_server
from bench.retrieval import measure


@pytest.mark.timeout(400)  # a model at work on a busy machine
async def test_nine_of_ten_labelled_questions_find_their_answer_among_five_passages() -> None:
    with embeddings_server() as url:
        results = await measure(lambda texts, model: embed(url, texts, model))
    assert results["fused"].at_five >= 0.9
    assert results["fused"].at_five >= results["words"].at_five
    assert results["fused"].at_five >= results["vectors"].at_five
