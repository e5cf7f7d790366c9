"""Each kind of process as bounded as a cluster can bound it: no root, no capability, nothing to write but /tmp."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.containers.compose import Container
from tests.containers.conftest import LECTERNS, System
from tests.waiting import wait_for

pytestmark = pytest.mark.timeout(900)

CAPABILITIES = re.compile(r"^Cap(?:Inh|Prm|Eff|Bnd|Amb):\s*(\w+)$", re.MULTILINE)
START_SECONDS = 240
ODD_USER = "12345:0"


def bounds(container: Container) -> dict[str, object]:
    """What the kernel says of the first process."""
    status = container.execute("cat", "/proc/1/status")
    root = container.execute("sh", "-c", "touch /opt/lectern/x 2>&1 || true")
    return {
        "user": (re.findall(r"^[UG]id:\t(\d+)", status, re.MULTILINE)),
        "capabilities": set(CAPABILITIES.findall(status)),
        "new privileges": "NoNewPrivs:\t1" not in status,
        "root": "writable" if not root else re.split(": ", root)[-1],
    }


def expected(user: str, group: str) -> dict[str, object]:
    return {
        "user": [user, group],
        "capabilities": {"0000000000000000"},
        "new privileges": False,
        "root": "Read-only file system",
    }


@pytest.mark.parametrize("service", LECTERNS)
def test_compose_bounds_each_process(system: System, service: str) -> None:
    assert bounds(system.compose.container(service)) == expected("10001", "10001")


def test_compose_bounds_the_edge(system: System) -> None:
    edge = system.compose.engine.inspect(system.compose.container("edge").name)

    assert edge["HostConfig"]["ReadonlyRootfs"]
    assert edge["Config"]["User"] == "10001:10001"
    assert edge["EffectiveCaps"] in (None, [])
    assert "no-new-privileges" in " ".join(edge["HostConfig"]["SecurityOpt"])


def test_each_process_is_healthy_as_an_odd_user_and_ends_within_its_grace(system: System) -> None:
    """Beside the one of Compose, which is user 10001, runs another of each kind."""
    with ThreadPoolExecutor(3) as three:
        figures = list(three.map(lambda service: life(system, service, ODD_USER), LECTERNS))

    assert len(figures) == len(LECTERNS)
    print("".join(f"\n  as {ODD_USER}: {figure}" for figure in figures))


def life(system: System, service: str, user: str) -> str:
    """Starts, bounds and ends one process; returns its figures."""
    podman, model = system.compose.engine, system.compose.container(service)
    settings = podman.inspect(model.name)
    name, grace = f"second-{service}", grace_of(system, service)
    podman.run(
        *("run", "--detach", "--name", name, "--user", user, "--read-only", "--tmpfs", "/tmp", "--cap-drop", "all"),
        *("--security-opt", "no-new-privileges", "--network", "lectern_default"),
        *(option for value in settings["Config"]["Env"] for option in ("--env", value)),
        *(settings["ImageName"], *settings["Config"]["Cmd"]),
    )
    container = Container(podman, name, service)
    try:
        began = time.monotonic()
        wait_for(f"{service} as {user}", container.healthy, START_SECONDS, container.logs)
        healthy = time.monotonic() - began
        assert bounds(container) == expected(*user.split(":"))
        ended = container.stop(grace)
        assert container.state["ExitCode"] == 0, container.logs()
        assert ended < grace
        return f"{service} up {healthy:.1f} s, down {ended:.1f} of {grace} s"
    finally:
        podman.run("rm", "--force", "--time", "0", name)


def grace_of(system: System, service: str) -> int:
    """In seconds, as Compose has it."""
    return int(str(system.compose.services()[service]["stop_grace_period"]).removesuffix("s"))
