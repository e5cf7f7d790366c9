import json

import pytest

from tests.containers.engine import Engine
from tests.containers.images import LECTERN

MEBIBYTE = 1024**2
TOOLS = ("pip", "pip3", "gcc", "cc", "make", "git", "curl", "wget", "uv")
MODULES = ("pip", "ensurepip", "setuptools", "wheel", "pytest", "mypy", "grpc_tools", "local", "tests", "bench")
LABELS = ("title", "description", "version", "revision", "base.name", "documentation")


def inside(podman: Engine, *command: str) -> str:
    return podman.run("run", "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp", LECTERN, *command)


def test_its_own_layers_are_small_and_code_is_one_apart_from_libraries(podman: Engine) -> None:
    sizes = [int(layer["size"]) for layer in json.loads(podman.run("history", "--format", "json", LECTERN))]
    whole = int(podman.inspect(LECTERN)["Size"])
    own = [size for size in sizes if size > MEBIBYTE]

    print(f"\n  {whole / MEBIBYTE:.0f} MiB in all; layers of {', '.join(f'{size / MEBIBYTE:.0f}' for size in own)} MiB")
    code, libraries = own[0], own[1]  # the newest first
    assert code < 16 * MEBIBYTE
    assert libraries < 320 * MEBIBYTE


def test_no_tool_that_builds_or_fetches_is_left_inside(podman: Engine) -> None:
    script = (
        "import importlib.util as i, shutil; "
        f"print([t for t in {TOOLS!r} if shutil.which(t)], [m for m in {MODULES!r} if i.find_spec(m)])"
    )
    for python in ("python", "/usr/local/bin/python"):
        assert inside(podman, python, "-c", script) == "[] []"


def test_nothing_in_it_can_be_written_by_its_user(podman: Engine) -> None:
    script = "find / -xdev -writable -not -path '/proc/*' -not -path '/tmp*' -not -path '/dev/*' -type f 2> /dev/null"
    assert not inside(podman, "sh", "-c", f"{script} | grep ^/opt || true")


def test_its_labels_tell_what_it_is(podman: Engine) -> None:
    labels = podman.inspect(LECTERN)["Labels"]
    assert [name for name in LABELS if not labels.get(f"org.opencontainers.image.{name}")] == []


@pytest.mark.parametrize("settings", [[], ["--env", "LECTERN_HEALTH_FILE="]])
def test_a_container_that_is_not_up_is_not_healthy(podman: Engine, settings: list[str]) -> None:
    command = "python -m kit.healthcheck; echo $?"
    said = podman.run("run", "--rm", "--network", "none", *settings, LECTERN, "sh", "-c", command)
    assert said.splitlines()[-1] == "1"
