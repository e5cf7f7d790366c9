"""`python -m bench.jobs faults|speed [--jobs N] [--pause SECONDS]`."""

import argparse

import structlog
import uvloop

from bench.jobs import faults, speed


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.jobs", description="Measures jobs; starts and ends all that it needs.")
    parser.add_argument("what", choices=["faults", "speed"])
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--pause", type=float, default=0.0, help="how long each job of a fault run takes, in seconds")
    options = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    uvloop.run(faults.run(options.jobs, options.pause) if options.what == "faults" else speed.run(options.jobs))


if __name__ == "__main__":
    main()
