"""The four services, each as one process or several."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.ports import HOST
from local.probes import grpc_serves
from local.program import Program, Tier

SHARED = "services"

_ROOT = Path(__file__).resolve().parents[2]
_WITH_HTTP = "gateway"


@dataclass(frozen=True)
class Instance:
    """One process of a service, and where it listens."""

    service: str
    name: str
    port: int
    metrics_port: int
    http_port: int

    @property
    def address(self) -> str:
        """Where its gRPC server listens."""
        return f"{HOST}:{self.port}"

    @property
    def http_address(self) -> str:
        """Where its HTTP face listens, if it has one."""
        return f"{HOST}:{self.http_port}"


def instances(service: str, count: int, ports: Iterator[int]) -> tuple[Instance, ...]:
    """So many processes of a service."""
    each = names(service, count)
    return tuple(Instance(service, name, next(ports), next(ports), next(ports)) for name in each)


def sharing(services: Sequence[str], count: int, ports: Iterator[int]) -> dict[str, tuple[Instance, ...]]:
    """The services in so many processes that each run them all; instances of one process have its name."""
    each = names(SHARED, count)
    return {
        service: tuple(Instance(service, name, next(ports), next(ports), next(ports)) for name in each)
        for service in services
    }


def names(part: str, count: int) -> list[str]:
    """What so many processes of a part are called; a single one has the part's name."""
    return [part] if count == 1 else [f"{part}-{number}" for number in range(1, count + 1)]


def target(addresses: list[str]) -> str:
    """A gRPC target that balances over these addresses."""
    return f"ipv4:{','.join(addresses)}"


def python_path(source: Path | None = None) -> dict[str, str]:
    """What Python needs to find the code, of this version or of that in `source`, and to say at once what it prints."""
    root = source or _ROOT
    return {"PYTHONPATH": f"{root}:{root / 'gen'}", "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}


def program(
    instance: Instance, environment: Mapping[str, str], needs: frozenset[str], source: Path | None = None
) -> Program:
    """One process of a service."""
    listen = {"LECTERN_LISTEN": instance.address, "LECTERN_METRICS_LISTEN": f"{HOST}:{instance.metrics_port}"}
    http = {"LECTERN_HTTP_LISTEN": instance.http_address} if instance.service == _WITH_HTTP else {}
    return Program(
        name=instance.name,
        tier=Tier.GATEWAY if instance.service == _WITH_HTTP else Tier.SERVICES,
        command=(sys.executable, "-m", f"services.{instance.service}"),
        address=instance.address,
        ready=grpc_serves(instance.address),
        needs=needs,
        environment={**environment, **python_path(source), **listen, **http},
        metrics=listen["LECTERN_METRICS_LISTEN"],
    )


def shared_program(
    members: Sequence[Instance], environment: Mapping[str, str], needs: frozenset[str], source: Path | None = None
) -> Program:
    """One process that runs several services; the last of them is ready when all are."""
    last = members[-1]
    listen = {f"LECTERN_{member.service.upper()}_LISTEN": member.address for member in members}
    listen |= {"LECTERN_HTTP_LISTEN": last.http_address, "LECTERN_METRICS_LISTEN": f"{HOST}:{last.metrics_port}"}
    return Program(
        name=last.name,
        tier=Tier.GATEWAY,
        command=(sys.executable, "-m", "services", *(member.service for member in members)),
        address=last.address,
        ready=grpc_serves(last.address),
        needs=needs,
        environment={**environment, **python_path(source), **listen},
        metrics=listen["LECTERN_METRICS_LISTEN"],
    )
