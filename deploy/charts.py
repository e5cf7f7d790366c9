"""Charts with what they depend on, rendered: `python -m deploy.charts FOLDER` assembles them as Helm packages them."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import helm_python as helm
import yaml

SOURCE = Path(__file__).with_name("helm")
LIBRARY = "lectern-lib"
SERVICES = ("edge", "gateway", "threads", "context", "inference")
MONITORING = "monitoring"
RELEASES = (*SERVICES, MONITORING)
UMBRELLA = "lectern"
NAMESPACE = "lectern"


def assemble(target: Path) -> Path:
    """Copies the charts, each with its dependencies beside its templates; what `helm dependency build` does."""
    shutil.copytree(SOURCE, target, dirs_exist_ok=True)
    for name in RELEASES:
        shutil.copytree(SOURCE / LIBRARY, target / name / "charts" / LIBRARY, dirs_exist_ok=True)
    for name in RELEASES:
        shutil.copytree(target / name, target / UMBRELLA / "charts" / name, dirs_exist_ok=True)
    return target


def rendered(chart: Path, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The manifests of a release; raises HelmError that names the value at fault."""
    with helm.Chart.load(chart) as loaded:
        files = loaded.render(values=dict(values), name=chart.name, namespace=NAMESPACE)
    return list(_documents(files))


def _documents(files: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for name, text in sorted(files.items()):
        if not name.endswith("NOTES.txt"):
            yield from (document for document in yaml.safe_load_all(text) if document)


if __name__ == "__main__":
    assemble(Path(sys.argv[1]))
