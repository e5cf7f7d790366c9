from lectern_client.api.operations import D, Group, many, one
from lectern_client.model.jobs import Job, JobState
from lectern_client.protocol.calls import Call, Listing, Stream, reading
from lectern_client.protocol.requests import get, post, resource
from lectern_client.protocol.watching import JobStream


class Jobs(Group[D]):
    """Jobs, named `jobs/x` or just `x`."""

    @one
    def get(self, job: str) -> Call[Job]:
        """Reads a job."""
        return Call(get(_path(job)), reading(Job))

    @many
    def list(
        self, *, queue: str = "", state: JobState | None = None, kind: str = "", page_size: int | None = None
    ) -> Listing[Job]:
        """Jobs, newest first."""
        of_queue = resource("queues", queue) if queue else None
        request = get("/v1/jobs", queue=of_queue, state=state, kind=kind, pageSize=page_size)
        return Listing(request, "jobs", reading(Job))

    @many
    def watch(self, job: str) -> Stream[Job]:
        """The job whenever it changes, from how it is now until it has ended."""
        return JobStream(job)

    @one
    def cancel(self, job: str) -> Call[Job]:
        """Ends a job that waits, and asks one that runs to stop."""
        return Call(post(f"{_path(job)}:cancel", repeatable=True), reading(Job))

    @one
    def retry(self, job: str) -> Call[Job]:
        """Queues a failed or cancelled job again."""
        return Call(post(f"{_path(job)}:retry"), reading(Job))


def _path(job: str) -> str:
    return f"/v1/{resource('jobs', job)}"
