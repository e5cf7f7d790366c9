"""Environment variables of the older systems: some still do what they did, the others are answered with advice.

Nothing of ours is overridden: an older name counts where the new one is not set.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Environ = Mapping[str, str]

REDIS_PORT = 6379
CHROMA_PORT = 8000
CHROMA_CLOUD = "https://api.trychroma.com"
TRUE = frozenset({"1", "true", "yes", "on"})

_NODE = "It was a setting of Node; these processes are Python: unset it."


@dataclass(frozen=True, slots=True)
class OlderSetting:
    """What a name means now; `advice` is said at the start of a process, where there is anything to say."""

    name: str
    now: str
    advice: Callable[[Environ], str]


def translated(environ: Environ) -> dict[str, str]:
    """The settings of today that the older names stand for, where those are not set themselves."""
    new = {**_redis(environ), **_chroma(environ)}
    return {name: value for name, value in new.items() if not _given(environ, name)}


def advice(environ: Environ) -> Iterator[str]:
    """A sentence for each older name that is set and does nothing, or not what was meant."""
    for setting in OLDER_SETTINGS:
        if _given(environ, setting.name) and (told := setting.advice(environ)):
            yield f"{setting.name} is set: {told}"


def log_advice(environ: Environ, log: Any) -> None:
    """Says it in the log, once for a process that starts."""
    for told in advice(environ):
        log.warning("older_setting", advice=told)


def public_port(environ: Environ) -> int | None:
    """The port that PORT names, for those who listen on the public one; raises ValueError for what is none."""
    port = _given(environ, "PORT")
    if not port:
        return None
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"PORT must be a port's number, not {port[:20]!r}")
    return int(port)


def _given(environ: Environ, name: str) -> str:
    """Kubernetes sets `<SERVICE>_PORT` to an address of its own, such as tcp://10.0.0.1:6379: nobody meant that."""
    value = environ.get(name, "").strip()
    return "" if value.startswith("tcp://") else value


def _redis(environ: Environ) -> dict[str, str]:
    host, port = _given(environ, "REDIS_HOST"), _given(environ, "REDIS_PORT")
    if not host and not port:
        return {}
    return {"REDIS_URL": f"redis://{host or '127.0.0.1'}:{port or REDIS_PORT}/0"}


def _chroma(environ: Environ) -> dict[str, str]:
    token = _given(environ, "CHROMA_CLOUD_API_KEY") or _given(environ, "CHROMA_API_KEY")
    account = {
        "LECTERN_CHROMA_TOKEN": token,
        "LECTERN_CHROMA_TENANT": _given(environ, "CHROMA_TENANT"),
        "LECTERN_CHROMA_DATABASE": _given(environ, "CHROMA_DATABASE"),
    }
    if _cloud(environ):
        url = CHROMA_CLOUD if not _missing_of_cloud(environ) else ""
    else:
        host, port = _given(environ, "CHROMA_HOST"), _given(environ, "CHROMA_PORT") or CHROMA_PORT
        url = f"http://{host}:{port}" if host else ""
    return {name: value for name, value in {"LECTERN_CHROMA_URL": url, **account}.items() if value and url}


def _cloud(environ: Environ) -> bool:
    return _given(environ, "USE_CHROMA_CLOUD").lower() in TRUE


def _missing_of_cloud(environ: Environ) -> list[str]:
    """What a database in Chroma's cloud is reached by, and is set under neither name."""
    wanted = {
        "CHROMA_CLOUD_API_KEY": ("CHROMA_CLOUD_API_KEY", "CHROMA_API_KEY", "LECTERN_CHROMA_TOKEN"),
        "CHROMA_TENANT": ("CHROMA_TENANT", "LECTERN_CHROMA_TENANT"),
        "CHROMA_DATABASE": ("CHROMA_DATABASE", "LECTERN_CHROMA_DATABASE"),
    }
    return [name for name, names in wanted.items() if not any(_given(environ, each) for each in names)]


def _about_redis(environ: Environ) -> str:
    url = _given(environ, "REDIS_URL")
    if url and url != _redis(environ).get("REDIS_URL"):
        return "REDIS_URL is set beside it, and alone counts."
    return ""


def _about_cloud(environ: Environ) -> str:
    if not _cloud(environ) or _given(environ, "LECTERN_CHROMA_URL"):
        return ""
    missing = _missing_of_cloud(environ)
    return f"Chroma's cloud is not used before {', '.join(missing)} are set too." if missing else ""


def _about_key(environ: Environ) -> str:
    if _cloud(environ) or _given(environ, "CHROMA_HOST") or _given(environ, "LECTERN_CHROMA_URL"):
        return ""
    return "It is used with USE_CHROMA_CLOUD=true, or with LECTERN_CHROMA_URL and LECTERN_CHROMA_TOKEN."


def _about_port(environ: Environ) -> str:
    if _given(environ, "LECTERN_EDGE_LISTEN") or _given(environ, "LECTERN_PORT"):
        return "LECTERN_EDGE_LISTEN or LECTERN_PORT is set beside it, and alone counts."
    return "It is the public port: the edge listens on it. Other processes listen where LECTERN_LISTEN says."


def _nothing(_: Environ) -> str:
    return ""


def _always(text: str) -> Callable[[Environ], str]:
    return lambda _: text


_HONOURED = "honoured where the new name is not set"
OLDER_SETTINGS = (
    OlderSetting("REDIS_HOST", f"`REDIS_URL` with `REDIS_PORT`; {_HONOURED}", _about_redis),
    OlderSetting("REDIS_PORT", f"`REDIS_URL` with `REDIS_HOST`; {_HONOURED}", _about_redis),
    OlderSetting(
        "UPSTASH_REDIS_REST_URL",
        "nothing: set `REDIS_URL` to the `rediss://` address of the same database",
        _always(
            "The REST address of a Redis cannot carry queues. Set REDIS_URL to the rediss:// address of the same "
            "database."
        ),
    ),
    OlderSetting(
        "UPSTASH_REDIS_REST_TOKEN",
        "nothing: the token is the password in `REDIS_URL`",
        _always("The token of a REST address is of no use here: it is the password in the rediss:// REDIS_URL."),
    ),
    OlderSetting(
        "USE_CHROMA_CLOUD", f"`LECTERN_CHROMA_URL={CHROMA_CLOUD}`; honoured with key, tenant and database", _about_cloud
    ),
    OlderSetting("CHROMA_CLOUD_API_KEY", f"`LECTERN_CHROMA_TOKEN`; {_HONOURED}", _about_key),
    OlderSetting("CHROMA_API_KEY", f"`LECTERN_CHROMA_TOKEN`; {_HONOURED}", _about_key),
    OlderSetting("CHROMA_HOST", f"`LECTERN_CHROMA_URL` with `CHROMA_PORT`; {_HONOURED}", _nothing),
    OlderSetting("CHROMA_PORT", f"`LECTERN_CHROMA_URL` with `CHROMA_HOST`; {_HONOURED}", _nothing),
    OlderSetting("CHROMA_TENANT", f"`LECTERN_CHROMA_TENANT`; {_HONOURED}", _nothing),
    OlderSetting("CHROMA_DATABASE", f"`LECTERN_CHROMA_DATABASE`; {_HONOURED}", _nothing),
    OlderSetting("PORT", "the edge's port; honoured where `LECTERN_EDGE_LISTEN` is not set", _about_port),
    OlderSetting(
        "NODE_ENV",
        "nothing: processes behave as in production unless `LECTERN_LOCAL` is set",
        _always(
            "It changes nothing. LECTERN_LOCAL=true is for one's own machine, LECTERN_QUEUE_PAGE=true shows "
            "/admin/queues; without them everything is as in production."
        ),
    ),
    OlderSetting("NODE_OPTIONS", "nothing", _always(_NODE)),
    OlderSetting("UV_THREADPOOL_SIZE", "nothing", _always(_NODE)),
    OlderSetting(
        "OPENAI_ASSISTANT_ID",
        "nothing: conversations live in Lectern's own store",
        _always("OpenAI shut Assistants down on 2026-08-26. Conversations live in Lectern's own store: unset it."),
    ),
    OlderSetting(
        "USE_DATABASE",
        "nothing: MongoDB holds everything, `MONGODB_URI`",
        _always("There is always a database: MongoDB, at MONGODB_URI. Unset it."),
    ),
    OlderSetting(
        "DATABASE_URL",
        "nothing: MongoDB holds everything, `MONGODB_URI`",
        _always("PostgreSQL is not used: MongoDB holds everything, at MONGODB_URI."),
    ),
)
