"""Brings the database of context to this version: `python -m services.context.migrate`."""

from functools import partial

from kit.migrations.command import main
from kit.migrations.model import Plan
from kit.mongo import Client
from services.context.adapters.mongo_mapping import DATABASE
from services.context.adapters.mongo_upkeep import ensure_indexes
from services.context.settings import ContextSettings


def plan(settings: ContextSettings, client: Client) -> Plan:
    """What this version expects."""
    return Plan(client[DATABASE], partial(ensure_indexes, client))


if __name__ == "__main__":
    main("context", ContextSettings(), plan)
