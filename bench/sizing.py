"""How many pods, how large a Redis and MongoDB, and what it costs in a month, for so many students.

Run by `python -m bench sizing`. The processor time of a turn is what `bench turns` measures; the rest are assumptions,
each of which is an option.
"""

import argparse
import math
from collections.abc import Mapping
from dataclasses import dataclass

# Milliseconds of a processor that one turn takes, by `bench turns` at the edge.
TURN_MS: Mapping[str, float] = {"edge": 2.3, "gateway": 14.4, "threads": 10.2, "context": 5.3, "inference": 21.3}
POD_CORES: Mapping[str, float] = {"edge": 1.0, "gateway": 1.0, "threads": 1.0, "context": 1.0, "inference": 1.0}
LEAST = 2
BUSY = 0.7
# Bytes that stay: a turn with its citations in MongoDB, indexes included; a thread's hot part and its logs in Redis.
TURN_BYTES = 6_000
HOT_BYTES = 24_000
USERS = (1_000, 5_500, 50_000, 1_000_000)
GIB = 1024**3


@dataclass(frozen=True)
class Habits:
    """What students do, and what things cost in US dollars a month."""

    online: float
    questions_an_hour: float
    turns_a_month: float
    core: float
    gib: float
    tokens: float

    def turns_a_second(self, users: int) -> float:
        """In the busiest hour."""
        return users * self.online * self.questions_an_hour / 3600


@dataclass(frozen=True)
class Size:
    users: int
    turns: float
    pods: Mapping[str, int]
    redis_gib: float
    mongodb_gib: float
    machines: float
    models: float


def size(users: int, habits: Habits) -> Size:
    turns = habits.turns_a_second(users)
    pods = {name: max(LEAST, math.ceil(turns * ms / 1000 / (POD_CORES[name] * BUSY))) for name, ms in TURN_MS.items()}
    redis = max(1.0, users * habits.online * HOT_BYTES / GIB)
    mongodb = max(10.0, users * habits.turns_a_month * 12 * TURN_BYTES / GIB)
    cores = sum(count * POD_CORES[name] for name, count in pods.items())
    machines = cores * habits.core + (2 * redis + 3 * min(mongodb, 64.0)) * habits.gib
    return Size(users, turns, pods, redis, mongodb, machines, users * habits.turns_a_month * habits.tokens)


def table(habits: Habits) -> str:
    """As Markdown."""
    rows = ["| users | turns a second | " + " | ".join(TURN_MS) + " | Redis | MongoDB | machines | models |"]
    rows.append("|" + "---|" * (len(TURN_MS) + 6))
    for each in (size(users, habits) for users in USERS):
        pods = " | ".join(str(count) for count in each.pods.values())
        rows.append(
            f"| {each.users:,} | {each.turns:,.1f} | {pods} | {each.redis_gib:,.0f} GiB | {each.mongodb_gib:,.0f} GiB"
            f" | ${each.machines:,.0f} | ${each.models:,.0f} |"
        )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench sizing", description=__doc__)
    parser.add_argument("--online", type=float, default=0.1, help="the share of users that study in the busiest hour")
    parser.add_argument("--questions-an-hour", type=float, default=12, help="of one who studies")
    parser.add_argument("--turns-a-month", type=float, default=60, help="of one user")
    parser.add_argument("--core", type=float, default=30, help="dollars of a core with 4 GiB, a month")
    parser.add_argument(
        "--gib", type=float, default=12, help="dollars of a GiB of Redis or of MongoDB's memory, a month"
    )
    parser.add_argument("--tokens", type=float, default=0.0006, help="dollars of a turn's tokens: 2,000 in, 300 out")
    chosen = parser.parse_args()
    print(
        table(
            Habits(
                chosen.online,
                chosen.questions_an_hour,
                chosen.turns_a_month,
                chosen.core,
                chosen.gib,
                chosen.tokens,
            )
        )
    )


if __name__ == "__main__":
    main()
