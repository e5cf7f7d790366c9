"""Packages the charts as `helm package` does: `python -m deploy.packages dist/charts`.

The same sources give the same bytes whenever they are packaged. Helm's own archives hold the times of files, and the
order of a chart's dependencies in them changes from one time to the next.
"""

import gzip
import io
import sys
import tarfile
import tempfile
from pathlib import Path

import yaml

from deploy.charts import RELEASES, UMBRELLA, assemble


def write(target: Path) -> list[Path]:
    """Writes `NAME-VERSION.tgz` of each chart that can be installed, with what it depends on; returns the files."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        charts = assemble(Path(folder))
        return [package(charts / name, target) for name in (*RELEASES, UMBRELLA)]


def package(chart: Path, target: Path) -> Path:
    """Writes one chart, whose dependencies are in its folder `charts`."""
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    for needed in about.get("dependencies", ()):
        there = yaml.safe_load((chart / "charts" / needed["name"] / "Chart.yaml").read_text())
        if there["version"] != needed["version"]:
            raise ValueError(f"{about['name']} needs {needed['name']} {needed['version']}, not {there['version']}")
    archive = target / f"{about['name']}-{about['version']}.tgz"
    # A name or a time in the head of the file would be another one each time.
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archived,
    ):
        for file in sorted(each for each in chart.rglob("*") if each.is_file()):
            _add(archived, f"{about['name']}/{file.relative_to(chart).as_posix()}", file.read_bytes())
    return archive


def _add(archived: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o644
    archived.addfile(entry, io.BytesIO(content))


if __name__ == "__main__":
    for written in write(Path(sys.argv[1])):
        sys.stdout.write(f"{written}\n")
