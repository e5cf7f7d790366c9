"""The examples of the client's README do what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import System

ROOT = Path(__file__).parents[2]
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "client/README.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_runs(system: System, example: str) -> None:
    access = {"LECTERN_URL": system.base_url, "LECTERN_TOKEN": system.token("reader")}
    environment = {**os.environ, **access, "PYTHONPATH": str(ROOT / "client")}
    ran = subprocess.run([sys.executable, "-c", example], env=environment, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()
