"""Writes the README of each chart from its values: `python -m deploy.chart_readmes`."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.charts import RELEASES, SOURCE, UMBRELLA

KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z][\w-]*):")
COMMENT = "# -- "
LONGEST = 60


def readme(chart: Path) -> str:
    """A table of the values that have a comment, with their defaults."""
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    text = (chart / "values.yaml").read_text()
    values = yaml.safe_load(text)
    rows = [f"| `{path}` | `{_shown(_at(values, path))}` | {told} |" for path, told in _described(text)]
    return "\n".join(
        [
            f"# {about['name']}",
            "",
            about["description"],
            "",
            *_installing(about["name"], tested=about["name"] == UMBRELLA or (chart / "templates" / "tests").exists()),
            "| value | default | |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _installing(name: str, *, tested: bool) -> list[str]:
    release = "lectern" if name == UMBRELLA else f"lectern-{name}"
    return [
        "```console",
        f"helm dependency build deploy/helm/{name}",
        f"helm upgrade --install {release} deploy/helm/{name} -n lectern",
        *([f"helm test {release} -n lectern"] if tested else []),
        "```",
        "",
    ]


def _described(text: str) -> Iterator[tuple[str, str]]:
    path: list[tuple[int, str]] = []
    told = ""
    for line in text.splitlines():
        if line.strip().startswith(COMMENT):
            told = line.strip().removeprefix(COMMENT)
        elif found := KEY.match(line):
            indent = len(found["indent"])
            path = [*(each for each in path if each[0] < indent), (indent, found["key"])]
            if told:
                yield ".".join(key for _, key in path), told
            told = ""


def _at(values: Any, path: str) -> Any:
    for key in path.split("."):
        values = values[key]
    return values


def _shown(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=1000).strip().removesuffix("...").strip()
    return text if len(text) <= LONGEST else "see values.yaml"


if __name__ == "__main__":
    for name in (*RELEASES, UMBRELLA):
        (SOURCE / name / "README.md").write_text(readme(SOURCE / name))
