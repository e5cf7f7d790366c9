"""Jobs as documents, and back."""

from typing import Any

from kit.auth.caller import Caller, Role
from kit.jobs.model import Failure, Job, State, Step, Ticket
from kit.jobs.mongo.database import Document

PLAIN = (
    "kind",
    "queue",
    "priority",
    "key",
    "payload",
    "max_attempts",
    "created",
    "due",
    "delayed",
    "progress",
    "message",
    "attempt",
    "failures",
    "crashes",
    "token",
    "worker",
    "leased_until",
    "started",
    "cancel_requested",
    "quarantined",
    "result",
    "traceparent",
)
TICKET_FIELDS = ("kind", "queue", "tenant", "user", "priority", "token")


def from_job(job: Job) -> Document:
    """The document of a job that has just been submitted."""
    return {
        **{name: getattr(job, name) for name in PLAIN},
        "tenant": job.caller.tenant,
        "user": job.caller.user,
        "roles": sorted(job.caller.roles),
        "state": job.state.value,
        "steps": [],
        "log": [],
    }


def to_job(document: Document) -> Job:
    roles = frozenset(Role(role) for role in document["roles"])
    failure = document.get("failure")
    return Job(
        id=document["_id"],
        caller=Caller(document["tenant"], document["user"], roles),
        state=State(document["state"]),
        ended=document.get("ended"),
        failure=Failure(**failure) if failure else None,
        steps=tuple(_step(step) for step in document["steps"]),
        log=tuple(document["log"]),
        **{name: document[name] for name in PLAIN},
    )


def to_ticket(document: Document) -> Ticket:
    return Ticket(
        job=document["_id"],
        kind=document["kind"],
        queue=document["queue"],
        user=f"{document['tenant']}/{document['user']}",
        priority=document["priority"],
        token=document["token"],
    )


def from_step(step: Step) -> Document:
    return {"name": step.name, "state": step.state.value, "message": step.message, "result": step.result}


def after(seconds: float) -> Any:
    """The time so many seconds from now by the database's clock, for update pipelines."""
    return {"$add": ["$$NOW", round(seconds * 1000)]}


def _step(document: Document) -> Step:
    return Step(document["name"], State(document["state"]), document["message"], document["result"])


# What a job becomes that is queued by hand after its end: the tries are counted afresh, finished steps stay.
NEW_LIFE: Document = {
    "state": State.QUEUED.value,
    "delayed": False,
    "failures": 0,
    "crashes": 0,
    "quarantined": False,
    "cancel_requested": None,
    "failure": None,
    "progress": 0,
    "message": "",
}
