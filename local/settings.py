"""What a person can set about the local stack, read from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kit import older_settings
from kit.settings import LOCAL_SECRET
from local.parts import EVERYTHING, SERVICES, WORKERS, worker_name
from services.inference.families import well_known

DEMO_USER = "demo"
LEGACY_GUEST = "teacher"
_DEFAULT_PORT = 8080
# On a machine with no more cores than this, services share processes: what they say to each other costs nothing then.
_FEW_CORES = 4
_MOST_SHARED = 2


class SettingError(Exception):
    """A setting that cannot be understood."""


@dataclass(frozen=True)
class LocalSettings:
    """`environ` is handed on to the services; `extra` adds variables to single services.

    `shared` is how many processes there are that each run all four services; with 0 each service has its own.

    `sources` names other checkouts of the repository from which single services run, such as an older version's.
    """

    data: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    port: int = _DEFAULT_PORT
    instances: Mapping[str, int] = field(default_factory=dict)
    parts: frozenset[str] = EVERYTHING
    extra: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sources: Mapping[str, Path] = field(default_factory=dict)
    shared: int = 0

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "LocalSettings":
        """The settings of `make run`."""
        data = Path(environ.get("LECTERN_DATA", ".data")).resolve()
        instances = _instances(environ.get("LECTERN_INSTANCES", ""))
        return cls(
            data=data,
            environ=_with_bytecode({**environ, **older_settings.translated(environ)}, data),
            port=_port(environ),
            instances=instances,
            shared=_shared(environ.get("LECTERN_COLOCATE", ""), instances),
        )

    def given(self, name: str) -> str:
        """A variable that was set, or an empty string."""
        return self.environ.get(name, "").strip()

    @property
    def uses_own_model(self) -> bool:
        """Whether the demo model answers, because no provider was given: by a list, or by a vendor's own variables."""
        environ = {name: value.strip() for name, value in self.environ.items()}
        return not (self.given("LECTERN_PROVIDERS") or well_known(environ))

    @property
    def jwt_secret(self) -> str:
        """What signs users' tokens here."""
        return self.given("LECTERN_JWT_SECRET") or LOCAL_SECRET

    @property
    def advice(self) -> tuple[str, ...]:
        """What to say about variables of the older systems."""
        return tuple(older_settings.advice(self.environ))


def _with_bytecode(environ: Mapping[str, str], data: Path) -> dict[str, str]:
    """Where bytecode must not be written beside the code, it is kept in the data folder: compiling costs seconds."""
    kept = dict(environ)
    if kept.pop("PYTHONDONTWRITEBYTECODE", ""):
        kept.setdefault("PYTHONPYCACHEPREFIX", str(data / "bytecode"))
    return kept


def _instances(text: str) -> dict[str, int]:
    """`gateway=2,threads=2` as numbers by service."""
    known, counts = (*SERVICES, *map(worker_name, WORKERS)), {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        service, _, count = item.partition("=")
        if service not in known:
            raise SettingError(f"LECTERN_INSTANCES names {service!r}; it knows {', '.join(known)}.")
        counts[service] = _number("LECTERN_INSTANCES", count)
    return counts


def _shared(text: str, instances: Mapping[str, int]) -> int:
    """How many processes run all four services: as LECTERN_COLOCATE says, or as the machine suggests."""
    if text:
        return 0 if text == "0" else _number("LECTERN_COLOCATE", text)
    cores = os.cpu_count() or 1
    return 0 if cores > _FEW_CORES or set(instances) & set(SERVICES) else min(_MOST_SHARED, cores)


def _port(environ: Mapping[str, str]) -> int:
    if given := environ.get("LECTERN_PORT"):
        return _number("LECTERN_PORT", given)
    try:
        return older_settings.public_port(environ) or _DEFAULT_PORT
    except ValueError as error:
        raise SettingError(f"{error}.") from error


def _number(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise SettingError(f"{name} needs a positive number, not {text!r}.")
    return int(text)
