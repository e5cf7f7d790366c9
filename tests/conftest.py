from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import mongodb_server, redis_server

# Tests of these folders share one running system.
TOGETHER = ("tests/e2e/",)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Where several processes share the work, each takes whole files or folders; xdist reads these marks."""
    file = item.nodeid.partition("::")[0]
    group = next((folder for folder in TOGETHER if file.startswith(folder)), file)
    item.add_marker(pytest.mark.xdist_group(group))


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
