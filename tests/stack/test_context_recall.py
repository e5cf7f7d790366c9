import pytest

from bench.embeddings import embed, embeddings_server
from bench.retrieval import measure


@pytest.mark.timeout(400)  # a model at work on a busy machine
async def test_nine_of_ten_labelled_questions_find_their_answer_among_five_passages() -> None:
    with embeddings_server() as url:
        results = await measure(lambda texts, model: embed(url, texts, model))
    recalls = results.recalls
    assert recalls["fused"].at_five >= 0.9
    assert recalls["fused"].at_five >= recalls["words"].at_five
    assert recalls["fused"].at_five >= recalls["vectors"].at_five
    assert recalls["turns"].at_five >= recalls["fused"].at_five - 0.005
    assert results.settled >= 0.4
