"""What a start will run, and where everything will be found: decided before the first process starts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from local import binaries, ports
from local.parts import CHAT_MODEL, DISPATCHER, EDGE, EMBEDDINGS, MONGODB, REDIS, SERVICES, WORKERS, worker_name
from local.probes import redis_answers
from local.program import Probe, Program, Tier
from local.programs import edge, jobs, models, mongo, redis, services
from local.settings import DEMO_USER, LEGACY_GUEST, LocalSettings


@dataclass(frozen=True)
class External:
    """A server of someone else that is used instead of a local one."""

    name: str
    variable: str
    address: str
    ready: Probe


@dataclass(frozen=True)
class Plan:
    """`environment` is what every service is told; `missing` are optional parts that this platform lacks."""

    programs: tuple[Program, ...]
    external: tuple[External, ...]
    environment: Mapping[str, str]
    instances: tuple[services.Instance, ...]
    port: int
    missing: tuple[str, ...] = ()

    @property
    def metrics(self) -> Mapping[str, str]:
        """Where Prometheus reads the metrics of each program that has some, by its name."""
        return {program.name: program.metrics for program in self.programs if program.metrics}

    @property
    def base_url(self) -> str:
        """The public address."""
        return f"http://{ports.HOST}:{self.port}"


class Planner:
    """Collects programs in the order in which they depend on each other."""

    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self._ports: Iterator[int] = ports.free_ports()
        self._programs: list[Program] = []
        self._external: list[External] = []
        self._missing: list[str] = []
        self._environment = {**settings.environ, "LECTERN_LOCAL": "true", "LECTERN_JWT_SECRET": settings.jwt_secret}
        self._environment.setdefault("LECTERN_DEMO_USER", DEMO_USER)
        self._environment.setdefault("LECTERN_LEGACY_GUEST", LEGACY_GUEST)
        self._environment.setdefault("LECTERN_WEBHOOKS_PRIVATE", "true")
        self._environment.setdefault("LECTERN_QUEUE_PAGE", "true")
        self._port = ports.public_port(settings.port) if EDGE in settings.parts else 0

    def plan(self) -> Plan:
        """The whole plan; raises MissingServerError where a part can't run here."""
        self._redis()
        self._mongodb()
        self._chat_model()
        self._embeddings()
        data = frozenset(program.name for program in self._programs if program.tier is Tier.DATA)
        instances = self._services(data)
        self._edge()
        self._jobs()
        return Plan(
            programs=tuple(self._programs),
            external=tuple(self._external),
            environment=self._environment,
            instances=instances,
            port=self._port,
            missing=tuple(self._missing),
        )

    def _redis(self) -> None:
        given = self._settings.given("REDIS_URL")
        if REDIS not in self._settings.parts:
            return
        if given:
            self._external.append(External(REDIS, "REDIS_URL", _place(given), redis_answers(given)))
            return
        queue, cache = next(self._ports), next(self._ports)
        self._programs += [redis.queue(queue, self._settings.data), redis.cache(cache, self._settings.data)]
        self._environment |= {"REDIS_URL": redis.redis_url(queue), "REDIS_CACHE_URL": redis.redis_url(cache)}

    def _mongodb(self) -> None:
        given = self._settings.given("MONGODB_URI")
        if MONGODB not in self._settings.parts:
            return
        if given:
            self._external.append(External(MONGODB, "MONGODB_URI", _place(given), mongo.mongo_answers(given)))
            return
        port = next(self._ports)
        self._programs.append(mongo.mongod(port, self._settings.data))
        self._environment["MONGODB_URI"] = mongo.mongo_uri(port)

    def _chat_model(self) -> None:
        if CHAT_MODEL not in self._settings.parts or not self._settings.uses_own_model:
            return
        port = next(self._ports)
        self._programs.append(models.chat(port, self._settings.environ))
        self._environment = {**models.DEMO, **self._environment, "OPENAI_BASE_URL": models.base_url(port)}

    def _embeddings(self) -> None:
        if EMBEDDINGS not in self._settings.parts or self._settings.given("LECTERN_EMBEDDINGS_BASE_URL"):
            return
        if not binaries.has_embeddings():
            self._missing.append("No embeddings server for this platform: passages are found by words alone.")
            return
        port = next(self._ports)
        self._programs.append(models.embeddings(port, self._settings.environ))
        self._environment |= {
            "LECTERN_EMBEDDINGS_BASE_URL": models.base_url(port),
            "LECTERN_EMBEDDINGS_MODEL": models.EMBEDDINGS_MODEL_NAME,
        }

    def _services(self, needs: frozenset[str]) -> tuple[services.Instance, ...]:
        # Those that are left out have an address too, on which nobody answers.
        planned = self._planned()
        for service, members in planned.items():
            self._publish(service, members)
        running = tuple(each for name, members in planned.items() if name in self._settings.parts for each in members)
        if self._settings.shared:
            self._share(running, needs)
            return running
        sources = self._settings.sources
        for instance in running:
            environment = {**self._environment, **self._settings.extra.get(instance.service, {})}
            self._programs.append(services.program(instance, environment, needs, sources.get(instance.service)))
        return running

    def _planned(self) -> dict[str, tuple[services.Instance, ...]]:
        if self._settings.shared:
            return services.sharing(SERVICES, self._settings.shared, self._ports)
        counts = {name: self._settings.instances.get(name, 1) for name in SERVICES}
        return {name: services.instances(name, count, self._ports) for name, count in counts.items()}

    def _share(self, running: tuple[services.Instance, ...], needs: frozenset[str]) -> None:
        for name in dict.fromkeys(instance.name for instance in running):
            members = [instance for instance in running if instance.name == name]
            self._programs.append(services.shared_program(members, self._environment, needs))

    def _publish(self, service: str, members: tuple[services.Instance, ...]) -> None:
        name = f"LECTERN_{service.upper()}"
        self._environment[f"{name}_TARGET"] = services.target([member.address for member in members])
        if service == "gateway":
            self._environment[f"{name}_HTTP_TARGET"] = services.target([member.http_address for member in members])

    def _edge(self) -> None:
        if EDGE not in self._settings.parts:
            return
        needs = frozenset(program.name for program in self._programs)
        admin, metrics = next(self._ports), next(self._ports)
        self._programs.append(edge.edge(self._port, admin, self._environment, self._settings.data, needs, metrics))

    def _jobs(self) -> None:
        needs = frozenset(program.name for program in self._programs)  # the first answers go before the first jobs
        sources = self._settings.sources
        if DISPATCHER in self._settings.parts:
            source = sources.get("gateway")  # they are released together
            ports_of = next(self._ports), next(self._ports)
            self._programs.append(jobs.dispatcher(*ports_of, self._environment, needs, source))
        for service in WORKERS:
            part = worker_name(service)
            count = self._settings.instances.get(part, 1) if part in self._settings.parts else 0
            self._programs += [
                jobs.worker(service, name, next(self._ports), self._environment, needs, sources.get(service))
                for name in services.names(part, count)
            ]


def _place(url: str) -> str:
    """Host and port of a URL: a password in it is never shown."""
    return urlsplit(url).netloc.rpartition("@")[2]
