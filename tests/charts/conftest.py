"""Charts as Helm packages them."""

from pathlib import Path

import pytest

from deploy.charts import assemble


@pytest.fixture(scope="session")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble(tmp_path_factory.mktemp("charts"))
