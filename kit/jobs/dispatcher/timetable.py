"""What is submitted by the clock, in every system."""

from kit.auth.service_tokens import on_behalf_of_nobody
from kit.jobs.dispatcher.cron import Cron
from kit.jobs.dispatcher.schedules import Schedule
from kit.jobs.model import Submission

NOBODY = on_behalf_of_nobody("dispatcher")

TIMETABLE = (
    Schedule("insights", Cron.parse("10 * * * *"), Submission("roll_up_insights"), NOBODY),
    Schedule("preloads", Cron.parse("50 * * * *"), Submission("preload_course"), NOBODY),
    Schedule("retention", Cron.parse("30 3 * * *"), Submission("apply_retention"), NOBODY),
)
