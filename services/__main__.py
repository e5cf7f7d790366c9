"""`python -m services NAME...` runs several services in one process; without names, all four."""

import sys

from kit.colocation import Member, main
from services.context.app import build as build_context
from services.context.settings import ContextSettings
from services.gateway.app import build as build_gateway
from services.gateway.settings import GatewaySettings
from services.inference.app import build as build_inference
from services.inference.settings import InferenceSettings
from services.threads.app import build as build_threads
from services.threads.settings import ThreadsSettings

# In the order in which they stand on each other.
MEMBERS = (
    Member("inference", InferenceSettings, build_inference),
    Member("context", ContextSettings, build_context),
    Member("threads", ThreadsSettings, build_threads),
    Member("gateway", GatewaySettings, build_gateway),
)


def chosen(names: list[str]) -> list[Member]:
    """The named services; raises SystemExit for a name that is none."""
    if unknown := set(names) - {member.name for member in MEMBERS}:
        sys.exit(f"No service is named {', '.join(sorted(unknown))}.")
    return [member for member in MEMBERS if member.name in names or not names]


if __name__ == "__main__":
    main(chosen(sys.argv[1:]))
