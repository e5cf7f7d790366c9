"""One Envoy: the one that tests run, charts and Compose start, and documents tell of."""

import re
import subprocess

from deploy.envoy_version import PLACES, ROOT, locked, named
from local.binaries import envoy

TOLD = re.compile(r"\benvoy[\s:/=>-]+(?:distroless-)?v?(1\.\d{2}(?:\.\d+)?)\b", re.IGNORECASE)
WRITTEN = ("*.md", "docs/*.md", "deploy/**/*.md", "deploy/**/*.y*ml", "local/*.py", "pyproject.toml")


def test_the_envoy_of_the_tests_is_the_locked_one() -> None:
    said = subprocess.run([envoy(), "--version"], capture_output=True, text=True, check=True).stdout
    assert f"/{locked()}/" in said


def test_charts_and_compose_start_the_envoy_that_the_tests_run() -> None:
    found = list(named())
    assert {place for place, _ in found} == set(PLACES), "each of them names an image"
    for place, version in found:
        assert version == locked(), f"{place}: run `python -m deploy.envoy_version`"


def test_nothing_tells_of_another_envoy() -> None:
    for pattern in WRITTEN:
        for file in ROOT.glob(pattern):
            for version in TOLD.findall(file.read_text()):
                assert locked().startswith(version), f"{file} tells of Envoy {version}"
