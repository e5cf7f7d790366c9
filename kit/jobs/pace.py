"""How often the queues' Redis is asked: freely, or sparingly where each command is counted and paid for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RedisPace:
    """Times are in seconds.

    A worker waits `bell` at a bell before it looks whether one was missed. Of the dispatcher's looks, those at queues
    where jobs wait come each `tick` at the most, those for a flush or a lost signal each `audit`, and rules are written
    again after `reassert`. The slots of running jobs are renewed with every `beats`-th of their worker's beats.
    """

    bell: float
    tick: float
    audit: float
    reassert: float
    beats: int
    tells_watchers: bool


FREE = RedisPace(bell=60.0, tick=0.0, audit=0.0, reassert=120.0, beats=1, tells_watchers=True)
# A bell, a signal and a broken connection still wake at once: what comes late is only what none of these told of.
METERED = RedisPace(bell=3600.0, tick=15.0, audit=300.0, reassert=6 * 3600.0, beats=6, tells_watchers=False)
