"""Jobs: what waits, what runs, how it ends."""

from deploy.dashboards.board import Board, Row
from deploy.dashboards.panels import Ask, Bounds, bars, lines, number, states
from deploy.dashboards.queries import quantile, rate, share

ENDED, TOOK = "lectern_jobs_total", "lectern_job_duration_seconds"
# An idle worker tells of its capacity alone.
RUNNING = "lectern_workers_running_jobs or 0 * lectern_workers_capacity"
WENT_WRONG = 'state=~"failed|retried"'

BOARD = Board(
    name="jobs",
    title="Jobs",
    says="What waits in the queues, what workers do, and how jobs end.",
    rows=(
        Row(
            "Queues",
            (
                number(
                    "Waiting",
                    Ask("sum(max by (queue) (lectern_queue_depth))"),
                    unit="short",
                    says="Jobs in all waiting rooms.",
                    bounds=Bounds(500, 1000),
                    decimals=0,
                ),
                number(
                    "Running",
                    Ask(f"sum({RUNNING})"),
                    unit="short",
                    says="Jobs that workers are at.",
                    decimals=0,
                ),
                number(
                    "Failing",
                    Ask(share(rate(ENDED, WENT_WRONG, window="$__range"), rate(ENDED, window="$__range"))),
                    unit="percentunit",
                    says="Attempts of this time that failed, whether the job is tried again or not.",
                    bounds=Bounds(0.02, 0.05),
                ),
                number(
                    "Given up",
                    Ask(f'sum(increase({ENDED}{{state="failed"}}[$__range]))'),
                    unit="short",
                    says="Jobs of this time that will not be tried again; an admin may retry them by hand.",
                    bounds=Bounds(1, 10),
                    decimals=0,
                ),
                number(
                    "Oldest",
                    Ask("max(lectern_workers_oldest_job_seconds) or vector(0)"),
                    unit="s",
                    says="How long the oldest running job runs.",
                    bounds=Bounds(300, 600),
                    decimals=0,
                ),
                number(
                    "Workers",
                    Ask("count(sum by (instance) (lectern_workers_capacity))"),
                    unit="short",
                    says="Worker processes that Prometheus sees.",
                    decimals=0,
                ),
                lines(
                    "Waiting, by queue",
                    [Ask("max by (queue) (lectern_queue_depth)", "{{queue}}")],
                    unit="short",
                    says="A queue is held while no provider can serve its jobs, and while an admin paused it.",
                    stacked=True,
                ),
                lines(
                    "Running, by queue",
                    [Ask("max by (queue) (lectern_queue_running)", "{{queue}}")],
                    unit="short",
                    says="Jobs that were let in. A flat top is the limit of the queue.",
                    stacked=True,
                ),
            ),
        ),
        Row(
            "Attempts",
            (
                lines(
                    "How they ended",
                    [Ask(rate(ENDED, by="state"), "{{state}}")],
                    unit="ops",
                    says="`refused` was asked wrongly, `retried` comes again, `postponed` and `handed_back` only wait.",
                    stacked=True,
                ),
                lines(
                    "Failing, by kind",
                    [Ask(share(rate(ENDED, WENT_WRONG, "kind"), rate(ENDED, by="kind")), "{{kind}}")],
                    unit="percentunit",
                    says="Above 5 % an alert fires. The reason stands with the job and in its trace.",
                    bounds=Bounds(0.02, 0.05),
                ),
                lines(
                    "How long they take, p95",
                    [Ask(quantile(0.95, TOOK, by="kind"), "{{kind}}")],
                    unit="s",
                    says="Attempts by kind of job. Points lead to traces.",
                    bounds=Bounds(300, 600),
                    exemplars=True,
                ),
                lines(
                    "Throughput, by kind",
                    [Ask(rate(f"{TOOK}_count", by="kind"), "{{kind}}")],
                    unit="ops",
                    says="Attempts that end, a second.",
                ),
            ),
        ),
        Row(
            "Workers",
            (
                bars(
                    "Running jobs by worker",
                    Ask(
                        f"sort_desc(sum by (service, instance) ({RUNNING}))",
                        "{{service}} {{instance}}",
                    ),
                    unit="short",
                    says="More than 20 on one worker: it wants company.",
                    bounds=Bounds(15, 20),
                ),
                states(
                    "The dispatcher that leads",
                    Ask("max by (instance) (lectern_dispatcher_leads)", "{{instance}}"),
                    says="One leads, others stand by. With none, nothing that is delayed or left behind comes back.",
                    names={0: ("stands by", "blue"), 1: ("leads", "green")},
                ),
            ),
        ),
    ),
)
