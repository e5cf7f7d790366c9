"""Brings the database of inference to this version: `python -m services.inference.migrate`."""

from functools import partial

from kit.migrations.command import main
from kit.migrations.model import Plan
from kit.mongo import Client
from services.inference.adapters.mongo_ledger import ensure_indexes
from services.inference.settings import InferenceSettings


def plan(settings: InferenceSettings, client: Client) -> Plan:
    """What this version expects."""
    database = client[settings.inference_database]
    return Plan(database, partial(ensure_indexes, database))


if __name__ == "__main__":
    main("inference", InferenceSettings(), plan)
