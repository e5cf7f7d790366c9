"""`python -m deploy.manifests FOLDER` writes what every chart renders by each of its ci values, a file each."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from deploy.charts import RELEASES, SOURCE, UMBRELLA, assemble, rendered


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


if __name__ == "__main__":
    write(Path(sys.argv[1]))
