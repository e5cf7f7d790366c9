from pathlib import Path

import pytest

from local.parts import DATA, EVERYTHING, MONGODB, REDIS
from local.plan import Plan, Planner
from local.program import Tier
from local.programs.models import DEMO
from local.settings import LocalSettings


def plan(tmp_path: Path, environ: dict[str, str] | None = None, **options: object) -> Plan:
    return Planner(LocalSettings(data=tmp_path, environ=environ or {}, **options)).plan()  # type: ignore[arg-type]


def names(made: Plan) -> list[str]:
    return [program.name for program in made.programs]


def test_everything_stands_in_the_order_of_its_tiers(tmp_path: Path) -> None:
    made = plan(tmp_path)
    tiers = [program.tier for program in made.programs]
    assert tiers == sorted(tiers)
    assert names(made)[-5:] == ["envoy", "dispatcher", "threads-worker", "context-worker", "gateway-worker"]


def test_services_wait_for_the_data_and_the_edge_for_everything(tmp_path: Path) -> None:
    needs = {program.name: program.needs for program in plan(tmp_path).programs}
    assert needs["gateway"] == {"redis-queue", "redis-cache", "mongodb"}
    assert needs["envoy"] == needs.keys() - {
        "envoy",
        "dispatcher",
        "threads-worker",
        "context-worker",
        "gateway-worker",
    }


def test_jobs_begin_once_everything_answers_and_nobody_waits_for_them(tmp_path: Path) -> None:
    made = plan(tmp_path, instances={"threads-worker": 2})
    later = {program.name: program.needs for program in made.programs if not program.awaited}
    assert later.keys() == {
        "dispatcher",
        "threads-worker-1",
        "threads-worker-2",
        "context-worker",
        "gateway-worker",
    }
    assert all("envoy" in needs for needs in later.values())


def test_several_instances_share_a_target(tmp_path: Path) -> None:
    made = plan(tmp_path, instances={"threads": 2})
    assert {"threads-1", "threads-2"} <= set(names(made))
    addresses = [instance.address for instance in made.instances if instance.service == "threads"]
    assert made.environment["LECTERN_THREADS_TARGET"] == f"ipv4:{','.join(addresses)}"


def test_shared_processes_run_all_services_at_addresses_of_their_own(tmp_path: Path) -> None:
    made = plan(tmp_path, shared=2)
    shared = [program for program in made.programs if program.name in ("services-1", "services-2")]
    assert [program.command[-4:] for program in shared] == [("inference", "context", "threads", "gateway")] * 2
    assert not {"inference", "context", "threads", "gateway"} & set(names(made))
    addresses = [program.environment["LECTERN_THREADS_LISTEN"] for program in shared]
    assert made.environment["LECTERN_THREADS_TARGET"] == f"ipv4:{','.join(addresses)}"
    assert len({address for each in made.instances for address in (each.address, each.http_address)}) == 16


def test_one_instance_has_the_name_of_its_service(tmp_path: Path) -> None:
    assert "gateway" in names(plan(tmp_path))


@pytest.mark.parametrize("url", ["redis://cache.example.org:6379/0", "rediss://u:p@cache.example.org:6380/0"])
def test_a_given_redis_is_used_instead_of_the_local_ones(tmp_path: Path, url: str) -> None:
    made = plan(tmp_path, {"REDIS_URL": url}, parts=frozenset({REDIS}))
    assert made.programs == ()
    assert made.environment["REDIS_URL"] == url
    assert "p@" not in made.external[0].address


def test_a_given_mongodb_is_used_instead_of_the_local_one(tmp_path: Path) -> None:
    uri = "mongodb+srv://u:p@db.example.org/"
    made = plan(tmp_path, {"MONGODB_URI": uri}, parts=frozenset({MONGODB}))
    assert made.programs == ()
    assert made.environment["MONGODB_URI"] == uri
    assert made.external[0].address == "db.example.org"


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "GEMINI_API_KEY", "GROQ_API_KEY", "LECTERN_PROVIDERS"])
def test_a_given_provider_is_handed_on_and_no_model_runs(tmp_path: Path, variable: str) -> None:
    made = plan(tmp_path, {variable: "given"})
    assert "llama" not in names(made)
    assert made.environment[variable] == "given"
    assert "OPENAI_BASE_URL" not in made.environment


@pytest.mark.parametrize("variable", ["GEMINI_API_KEY", "GROQ_API_KEY", "LECTERN_PROVIDERS"])
def test_the_limits_of_the_demo_model_are_not_a_real_ones(tmp_path: Path, variable: str) -> None:
    own = {name for name in DEMO if name != "OPENAI_API_KEY"}
    assert own <= plan(tmp_path).environment.keys()
    assert not own & plan(tmp_path, {variable: "given"}).environment.keys()


def test_parts_can_be_chosen(tmp_path: Path) -> None:
    made = plan(tmp_path, parts=DATA)
    assert {program.tier for program in made.programs} == {Tier.DATA}


def test_every_local_server_is_bound_to_loopback(tmp_path: Path) -> None:
    addresses = {program.name: program.address for program in plan(tmp_path, parts=EVERYTHING).programs}
    workers = ("threads-worker", "context-worker", "gateway-worker")
    assert {addresses.pop(worker) for worker in workers} == {""}  # they listen nowhere
    assert {address.split(":")[0] for address in addresses.values()} == {"127.0.0.1"}


def test_extra_variables_reach_their_service_alone(tmp_path: Path) -> None:
    made = plan(tmp_path, extra={"threads": {"LECTERN_TRACE_FILE": "spans"}})
    told = {program.name for program in made.programs if "LECTERN_TRACE_FILE" in program.environment}
    assert told == {"threads"}
