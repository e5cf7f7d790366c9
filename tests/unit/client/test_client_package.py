"""The client as it is installed: from its own wheel, without the repository."""

import os
import subprocess
import sys
import sysconfig
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

SOURCE = Path(__file__).parents[3] / "client"
UV = Path(sysconfig.get_path("scripts"), "uv")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([UV, "build", "--offline", "--wheel", SOURCE, "--out-dir", folder], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_it_needs_httpx_alone_and_is_typed(wheel: Path) -> None:
    with ZipFile(wheel) as files:
        names = files.namelist()
        (metadata,) = (name for name in names if name.endswith("METADATA"))
        needs = Parser().parsestr(files.read(metadata).decode()).get_all("Requires-Dist", [])
    assert [need for need in needs if "extra" not in need] == ["httpx>=0.28"]
    assert "lectern_client/py.typed" in names


def test_the_installed_command_runs(wheel: Path, tmp_path: Path) -> None:
    install: list[str | Path] = [UV, "pip", "install", "--offline", "--no-index", "--no-deps"]
    subprocess.run([*install, "--python", sys.executable, "--target", tmp_path, wheel], check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command: list[str | Path] = [tmp_path / "bin/lectern", "--version"]
    shown = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert shown.stdout == "lectern, version 0.1.0\n"
