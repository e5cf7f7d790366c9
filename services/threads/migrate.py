"""Brings the database of threads to this version: `python -m services.threads.migrate`."""

from kit.migrations.command import main
from kit.migrations.model import Migration, Plan
from kit.mongo import Client
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.search import fill_terms
from services.threads.settings import ThreadsSettings


def plan(settings: ThreadsSettings, client: Client) -> Plan:
    """What this version expects."""
    database = Database(client, settings.threads_database)
    former_indexes = Migration("0001-former-indexes", lambda _: database.drop_former_indexes())
    terms = Migration("0002-terms-of-turns", lambda _: fill_terms(database.turns, {}))
    return Plan(database.database, database.prepare, [former_indexes, terms])


if __name__ == "__main__":
    main("threads", ThreadsSettings(), plan)
