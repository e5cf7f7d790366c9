"""What every chart renders: `python -m deploy.manifests FOLDER` writes it by each of the ci values, a file each.

`python -m deploy.manifests --table` holds it against the schemas of those that read it, by each file of values that
there is, and prints what was held against what; it fails where something is not as its schema says.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.charts import RELEASES, SOURCE, UMBRELLA, assemble, rendered
from deploy.schemas import custom, native

# What an operator must choose for the trial; no file of values holds it.
CHOSEN = {"jwtSecret": "not-a-secret", "serviceSecret": "not-a-secret-either"}


@dataclass(frozen=True)
class Rendering:
    """The manifests of a chart by one of its files of values."""

    chart: str
    values: str
    documents: Sequence[Mapping[str, Any]]


def cases() -> Iterator[tuple[str, Path]]:
    """Each chart with each file of values that it is tried by."""
    for name in (*RELEASES, UMBRELLA):
        for values in sorted((SOURCE / name / "ci").glob("*-values.yaml")):
            yield name, values


def write(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        charts = assemble(Path(folder))
        for name, values in cases():
            manifests = rendered(charts / name, yaml.safe_load(values.read_text()) or {})
            (target / f"{name}-{values.stem}.yaml").write_text(yaml.safe_dump_all(manifests))


def renderings() -> Iterator[Rendering]:
    """Each chart by each of its files of values: those of ci, and those for operators."""
    with tempfile.TemporaryDirectory() as folder:
        charts = assemble(Path(folder))
        for name in (*RELEASES, UMBRELLA):
            chart = SOURCE / name
            for file in sorted([*chart.glob("ci/*-values.yaml"), *chart.glob("values-*.yaml")]):
                values = yaml.safe_load(file.read_text()) or {}
                if name == UMBRELLA:
                    values["trial"] = {**CHOSEN, **values.get("trial", {})}
                yield Rendering(name, str(file.relative_to(chart)), rendered(charts / name, values))


def table(found: Sequence[Rendering]) -> Iterator[str]:
    """A row for each kind in each rendering: how many there are, and what they were held against."""
    native_schema = f"Kubernetes {', '.join(native.VERSIONS)}"
    yield f"{'chart':<11}{'values':<29}{'kind':<25}{'number':>6}  schema"
    for each in found:
        for (kind, group), number in sorted(Counter((it["kind"], custom.group(it)) for it in each.documents).items()):
            schema = native_schema if group in custom.NATIVE else custom.schema(group)
            yield f"{each.chart:<11}{each.values:<29}{kind:<25}{number:>6}  {schema}"


def faults(found: Sequence[Rendering]) -> Iterator[str]:
    """What the schemas have against the renderings, a line each that names chart, values, and the field."""
    every = [(each, document) for each in found for document in each.documents]
    asked = [(each, document) for each, document in every if custom.is_custom(document)]
    for (each, document), wrong in zip(asked, custom.faults([document for _, document in asked]), strict=True):
        yield from (f"{_named(each, document)}: {fault}" for fault in wrong)
    for each, document in every:
        if not custom.is_custom(document) and (fault := native.fault(document)):
            yield f"{_named(each, document)}: {fault}"


def _named(each: Rendering, document: Mapping[str, Any]) -> str:
    return f"{each.chart} by {each.values}: {document['kind']} {document['metadata']['name']}"


if __name__ == "__main__":
    if sys.argv[1] != "--table":
        write(Path(sys.argv[1]))
    else:
        everything = list(renderings())
        wrong = list(faults(everything))
        sys.stdout.writelines(f"{line}\n" for line in table(everything))
        sys.exit("\n".join(wrong))
