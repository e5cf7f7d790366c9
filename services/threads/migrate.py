"""Brings the database of threads to this version: `python -m services.threads.migrate`."""

from kit.migrations.command import main
from kit.migrations.model import Plan
from kit.mongo import Client
from services.threads.adapters.mongo.database import Database
from services.threads.settings import ThreadsSettings


def plan(settings: ThreadsSettings, client: Client) -> Plan:
    """What this version expects."""
    return Plan(client[settings.threads_database], Database(client, settings.threads_database).prepare)


if __name__ == "__main__":
    main("threads", ThreadsSettings(), plan)
