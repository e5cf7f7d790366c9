"""The data of a trial: a replica set that begins by itself, needs nobody for it, and is found again after a restart."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import helm_python as helm
import pymongo
import pytest

from deploy.charts import UMBRELLA, rendered
from local import binaries
from tests.charts.manifests import Manifest, by_kind
from tests.javascript import run_node
from tests.servers import free_port, started

TRIAL = {"trial": {"enabled": True, "jwtSecret": "a", "serviceSecret": "b"}}
# What stands between mongosh's names and the server: one command, its answer or its error as JSON.
COMMAND = """
import json, sys, pymongo
from bson import json_util
with pymongo.MongoClient(sys.argv[1], directConnection=True, serverSelectionTimeoutMS=20000) as client:
    try:
        answer = client.admin.command(json.loads(sys.argv[2]))
    except pymongo.errors.OperationFailure as error:
        answer = error.details
print(json_util.dumps(answer))
"""


def mongodb(charts: Path) -> Manifest:
    spec = by_kind(rendered(charts / UMBRELLA, TRIAL), "StatefulSet")["lectern-mongodb"]["spec"]["template"]["spec"]
    return dict(spec)


@pytest.mark.parametrize(
    "other", [{"prefix": "blue"}, {"secrets": {"name": "mine"}}, {"secrets": {"external": {"enabled": True}}}]
)
def test_a_service_that_could_not_reach_the_data_is_refused(charts: Path, other: Manifest) -> None:
    with pytest.raises(helm.HelmError, match=r"trial[.]enabled.*threads has others"):
        rendered(charts / UMBRELLA, {**TRIAL, "threads": other})
    assert rendered(charts / UMBRELLA, {**TRIAL, "threads": {"enabled": False}})


async def test_the_replica_set_begins_once_and_is_found_again(charts: Path, tmp_path: Path) -> None:
    [container] = mongodb(charts)["containers"]
    *_, script = container["startupProbe"]["exec"]["command"]
    port = free_port()
    script = script.replace("lectern-mongodb:27017", f"localhost:{port}")
    data = tmp_path / "data"
    data.mkdir()
    options = [each for each in container["command"][1:] if each != "--bind_ip_all"]
    options[options.index("/data")] = str(data)
    command = [str(binaries.mongod()), *options, "--port", str(port), "--quiet", "--nounixsocket"]

    async def probed() -> int:
        program: Any = {"python": sys.executable, "program": COMMAND, "uri": f"mongodb://localhost:{port}"}
        async with asyncio.timeout(60):
            while code := await run_node("replica_set.js", text=script, **program):
                pass  # the kubelet asks again
        return int(code)

    with started(command, tmp_path / "mongod.log"):
        assert await probed() == 0
        with pymongo.MongoClient[dict[str, Any]](f"mongodb://localhost:{port}/?replicaSet=rs0") as client:
            with client.start_session() as session, session.start_transaction():
                client.trial.kept.insert_one({"_id": 1}, session=session)
            begun = client.admin.command("replSetGetConfig")["config"]["settings"]["replicaSetId"]
    with started(command, tmp_path / "mongod.log"):
        assert await probed() == 0
        with (
            pymongo.MongoClient[dict[str, Any]](f"mongodb://localhost:{port}/?replicaSet=rs0") as client,
            client.trial.watch(max_await_time_ms=100) as changes,
        ):
            client.trial.kept.insert_one({"_id": 2})
            assert next(changes)["documentKey"] == {"_id": 2}
            assert client.trial.kept.count_documents({}) == 2
            assert client.admin.command("replSetGetConfig")["config"]["settings"]["replicaSetId"] == begun


def test_the_member_finds_itself_without_a_network(charts: Path) -> None:
    spec = mongodb(charts)
    [container] = spec["containers"]
    [alias] = spec["hostAliases"]
    *_, script = container["startupProbe"]["exec"]["command"]
    assert alias["ip"] == "127.0.0.1"
    assert f'host: "{alias["hostnames"][0]}:27017"' in script
    assert "lifecycle" not in container, "what runs before a pod's address is published cannot ask for it"
    # Clients that ask for the members by the set's configuration are told the name that the secret has too.
    secret = by_kind(rendered(charts / UMBRELLA, TRIAL), "Secret")["lectern"]["stringData"]
    assert f"//{alias['hostnames'][0]}:27017/" in secret["MONGODB_URI"]
    assert alias["hostnames"][0] in by_kind(rendered(charts / UMBRELLA, TRIAL), "Service")
