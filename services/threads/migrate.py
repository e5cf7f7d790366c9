"""Brings the database of threads to this version: `python -m services.threads.migrate`."""

from kit.migrations.command import main
from kit.migrations.model import Migration, Plan
from kit.mongo import Client
from services.threads.adapters.mongo.database import Database
from services.threads.settings import ThreadsSettings


def plan(settings: ThreadsSettings, client: Client) -> Plan:
    """What this version expects."""
    database = Database(client, settings.threads_database)
    former_indexes = Migration("0001-former-indexes", lambda _: database.drop_former_indexes())
    return Plan(database.database, database.prepare, [former_indexes])


if __name__ == "__main__":
    main("threads", ThreadsSettings(), plan)
