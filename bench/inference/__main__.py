"""`python -m bench.inference NAME...` runs these measurements one after another, or all where none is named."""

import argparse
import asyncio

import structlog

from bench.inference import budgets, classroom, cost, cutting, failing, leaving, seams, sharing, waiting

KNOWN = {
    "failing": failing.run,
    "waiting": waiting.run,
    "cutting": cutting.run,
    "seams": seams.run,
    "sharing": sharing.run,
    "classroom": classroom.run,
    "budgets": budgets.run,
    "leaving": leaving.run,
    "cost": cost.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench inference", description="Measures inference over scripted providers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(KNOWN)}")
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    for name in parser.parse_args().names or KNOWN:
        print(f"-- {name}", flush=True)
        asyncio.run(KNOWN[name]())


if __name__ == "__main__":
    main()
