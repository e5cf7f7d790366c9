"""Brings the database of jobs to this version: `python -m kit.jobs.migrate`."""

from kit.jobs.mongo.database import Database
from kit.jobs.settings import JobsSettings
from kit.migrations.command import main
from kit.migrations.model import Plan
from kit.mongo import Client


def plan(settings: JobsSettings, client: Client) -> Plan:
    """What this version expects."""
    return Plan(client[settings.jobs_database], Database(client, settings.jobs_database).prepare)


if __name__ == "__main__":
    main("jobs", JobsSettings(), plan)
