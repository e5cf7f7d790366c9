"""Writes into each Chart.yaml which images the chart starts, for Artifact Hub: `python -m deploy.chart_images`."""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.charts import RELEASES, SOURCE, UMBRELLA, assemble, rendered

TRIAL = {"trial": {"enabled": True, "jwtSecret": "not-a-secret", "serviceSecret": "not-a-secret-either"}}

_ANNOTATION = re.compile(r"  artifacthub\.io/images: \|\n(?:    .*\n)+")


def images(charts: Path, name: str) -> list[str]:
    """The images of a chart by its defaults, the umbrella's with those of the trial; `charts` are assembled ones."""
    documents = rendered(charts / name, TRIAL if name == UMBRELLA else {})
    return sorted({container["image"] for document in documents for container in _containers(document)})


def annotation(found: Sequence[str]) -> str:
    """The annotation in Chart.yaml that names these images; empty where there are none."""
    lines = [f"    - name: {_name(image)}\n      image: {image}\n" for image in found]
    return "  artifacthub.io/images: |\n" + "".join(lines) if lines else ""


def written(name: str) -> str:
    """The annotation as it stands in a Chart.yaml."""
    found = _ANNOTATION.search((SOURCE / name / "Chart.yaml").read_text())
    return found[0] if found else ""


def write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        charts = assemble(Path(folder))
        for name in (*RELEASES, UMBRELLA):
            file = SOURCE / name / "Chart.yaml"
            file.write_text(_ANNOTATION.sub(annotation(images(charts, name)), file.read_text()))


def _containers(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    spec = document.get("spec", {})
    spec = spec.get("template", {}).get("spec", spec)
    for key in ("initContainers", "containers"):
        yield from spec.get(key, ())


def _name(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


if __name__ == "__main__":
    write()
