"""Packaged charts, and what they tell of themselves."""

import shutil
from pathlib import Path

import helm_python as helm
import pytest
import yaml

from deploy import packages
from deploy.chart_images import annotation, images, written
from deploy.charts import RELEASES, SOURCE, UMBRELLA, assemble

CHARTS = (*RELEASES, UMBRELLA)


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble(tmp_path_factory.mktemp("charts"))


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    files = packages.write(tmp_path_factory.mktemp("dist") / "charts")
    return dict(zip(CHARTS, files, strict=True))


def test_a_package_is_named_by_its_version_and_complete(packaged: dict[str, Path]) -> None:
    for name, file in packaged.items():
        about = yaml.safe_load((SOURCE / name / "Chart.yaml").read_text())
        assert file.name == f"{name}-{about['version']}.tgz"
        with helm.Chart.load(file) as chart:
            assert chart.metadata["name"] == name
            assert {each["name"] for each in chart.dependencies} == {each["name"] for each in about["dependencies"]}
            assert chart.schema


@pytest.mark.parametrize("name", ["edge", "threads", "monitoring"])
def test_a_package_renders_as_its_folder_does(charts: Path, packaged: dict[str, Path], name: str) -> None:
    values = yaml.safe_load((SOURCE / name / "ci" / "everything-values.yaml").read_text())
    with helm.Chart.load(packaged[name]) as archive, helm.Chart.load(charts / name) as folder:
        assert archive.render(values, name=name) == folder.render(values, name=name)


def test_the_umbrellas_package_renders_as_its_folder_does(charts: Path, packaged: dict[str, Path]) -> None:
    values = {"monitoring": {"enabled": True}}
    with helm.Chart.load(packaged[UMBRELLA]) as archive, helm.Chart.load(charts / UMBRELLA) as folder:
        assert archive.render(values, name="lectern") == folder.render(values, name="lectern")


def test_the_same_sources_give_the_same_bytes(packaged: dict[str, Path], tmp_path: Path) -> None:
    again = dict(zip(CHARTS, packages.write(tmp_path), strict=True))
    assert {name: file.read_bytes() for name, file in again.items()} == {
        name: file.read_bytes() for name, file in packaged.items()
    }


def test_a_dependency_of_another_version_is_refused(charts: Path, tmp_path: Path) -> None:
    chart = Path(shutil.copytree(charts / "edge", tmp_path / "edge"))
    library = chart / "charts" / "lectern-lib" / "Chart.yaml"
    library.write_text(library.read_text().replace("version: ", "version: 9"))
    with pytest.raises(ValueError, match="lectern-lib"):
        packages.package(chart, tmp_path)


@pytest.mark.parametrize("name", CHARTS)
def test_artifact_hub_is_told_the_images_that_the_chart_starts(charts: Path, name: str) -> None:
    assert written(name) == annotation(images(charts, name)), "python -m deploy.chart_images writes it"


@pytest.mark.parametrize("name", CHARTS)
def test_artifact_hub_is_told_a_category_and_changes(name: str) -> None:
    about = yaml.safe_load((SOURCE / name / "Chart.yaml").read_text())["annotations"]
    changes = yaml.safe_load(about["artifacthub.io/changes"])
    assert changes
    assert all(set(each) == {"kind", "description"} and each["kind"] == "added" for each in changes)
    assert about["artifacthub.io/category"] in {"ai-machine-learning", "monitoring-logging", "networking"}
