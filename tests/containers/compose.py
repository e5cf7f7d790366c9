"""Compose, as a person at the terminal has it, by podman-compose."""

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.containers.engine import FOLDER, ROOT, Engine, EngineError

FILES = (ROOT / "deploy/compose/compose.yaml", Path(__file__).with_name("provider.yaml"))
PROJECT = "lectern"


@dataclass(frozen=True)
class Container:
    """One container of a service; `engine` answers for it."""

    engine: Engine
    name: str
    service: str

    @property
    def state(self) -> dict[str, Any]:
        return dict(self.engine.inspect(self.name)["State"])

    @property
    def hostname(self) -> str:
        return str(self.engine.inspect(self.name)["Config"]["Hostname"])

    def execute(self, *command: str, seconds: float = 60) -> str:
        """What a command inside prints. Raises EngineError where it fails."""
        return self.engine.run("exec", self.name, *command, seconds=seconds)

    def healthy(self) -> bool:
        """Asked now: without systemd podman does not ask by itself."""
        try:
            self.engine.run("healthcheck", "run", self.name, seconds=30)
        except EngineError:
            return False
        return True

    def kill(self) -> None:
        """As the kernel would; `podman kill` would be a wish that it stay away."""
        os.kill(int(self.state["Pid"]), signal.SIGKILL)

    def stop(self, grace: int) -> float:
        """Seconds until it ended by itself. Raises TimeoutError where it had to be killed."""
        began = time.monotonic()
        self.engine.run("stop", "--time", str(grace), self.name, seconds=grace + 60)
        seconds = time.monotonic() - began
        if self.state["ExitCode"] == 128 + signal.SIGKILL:
            raise TimeoutError(f"{self.name} did not end within {grace} s:\n{self.logs()}")
        return seconds

    def start(self) -> None:
        self.engine.run("start", self.name)

    def logs(self) -> str:
        done = subprocess.run(
            ["podman", "logs", "--tail", "40", self.name],
            env=self.engine.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.stdout


@dataclass(frozen=True)
class Compose:
    """The stack of deploy/compose, with a provider of models beside it."""

    engine: Engine
    variables: dict[str, str]

    def run(self, *arguments: str, seconds: float = 300) -> str:
        """What podman-compose prints. Raises EngineError where it fails."""
        files = [option for file in FILES for option in ("-f", str(file))]
        done = subprocess.run(
            [str(FOLDER / "venv/bin/podman-compose"), "-p", PROJECT, *files, *arguments],
            env={**self.engine.environment, **self.variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
        )
        if done.returncode:
            raise EngineError(f"podman-compose {' '.join(arguments)}: {done.stdout[-4000:]}")
        return done.stdout

    def services(self) -> dict[str, dict[str, Any]]:
        """What the files say, read by podman-compose."""
        return dict(yaml.safe_load(self.run("config"))["services"])

    def containers(self, service: str = "") -> list[Container]:
        """Those of a service, or all, running or not."""
        label = "com.docker.compose.service" + (f"={service}" if service else "")
        listed = json.loads(self.engine.run("ps", "--all", "--format", "json", "--filter", f"label={label}"))
        found = [
            Container(self.engine, each["Names"][0], each["Labels"]["com.docker.compose.service"]) for each in listed
        ]
        return sorted(found, key=lambda container: container.name)

    def container(self, service: str) -> Container:
        """The first of a service."""
        return self.containers(service)[0]
