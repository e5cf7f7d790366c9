from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.servers import mongodb_server, redis_server

# Tests of these folders share one running system.
TOGETHER = ("tests/e2e/",)


class FilesAndFolders(LoadFileScheduling):  # type: ignore[misc] # published without types
    """Where several processes share the work, each takes whole files, or a whole folder."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesAndFolders:
    return FilesAndFolders(config, log)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("redis")
    with redis_server(folder) as url:
        yield url


@pytest.fixture(scope="session")
def mongodb_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("mongodb")
    with mongodb_server(folder) as uri:
        yield uri
